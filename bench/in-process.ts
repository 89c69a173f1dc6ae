/**
 * What a write costs in the relay's own code, with two servers that answer at once and no sockets:
 * `node bench/in-process.ts`. Microseconds of the best and of the median of many rounds.
 */
import { nodePlatform } from "../adapters/node/platform.ts";
import { createApp } from "../src/app.ts";
import { parseConfig } from "../src/config/parse.ts";
import type { AppPorts } from "../src/http/listener.ts";
import type { HttpClient } from "../src/platform.ts";
import { Relay } from "../src/relay.ts";

const ROUNDS = 30;
const WRITES = 200;
const WARM_UP = 3_000;
const LINE =
  "cpu,host=server01,region=eu-west usage_user=12.5,usage_system=3.25,usage_idle=84.25 1465839830100400200\n";
const CONFIG = `[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
output = [{ name = "a", location = "http://a" }, { name = "b", location = "http://b" }]
`;

const stored = { status: 204, body: new Uint8Array(0), header: () => undefined };
const never = () => Promise.reject(new Error("only writes are measured"));
const http: HttpClient = { send: async () => stored, stream: never, close: async () => {} };
const platform = { ...nodePlatform(() => {}), openHttp: () => http };
const config = parseConfig(CONFIG, { name: "", env: () => undefined, readFile: () => "" });
const relay = await Relay.open(config, platform);

async function measure(lines: number): Promise<void> {
  const body = Buffer.from(LINE.repeat(lines));
  const ports: AppPorts = {
    platform,
    readBody: async () => body,
    clientAddress: () => "127.0.0.1",
    stream: () => new Response(null, { status: 500 }),
  };
  const app = createApp(relay.listener("main"), ports);
  const write = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const { status } = await app.fetch(new Request("http://127.0.0.1/write?db=d", { method: "POST" }));
      if (status !== 204) throw new Error(`answered ${status}`);
    }
  };
  await write(WARM_UP);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await write(WRITES);
    rounds.push(((performance.now() - start) * 1_000) / WRITES);
  }
  rounds.sort((a, b) => a - b);
  const [best = 0, median = 0] = [rounds[0], rounds[ROUNDS / 2]];
  const title = lines === 1 ? "1 line" : `${lines} lines`;
  console.log(`${title.padEnd(12)} ${best.toFixed(1).padStart(8)} us ${median.toFixed(1).padStart(8)} us`);
}

for (const lines of [1, 1_000]) await measure(lines);
await relay.stop(platform.clock.monotonic() + 1_000);
