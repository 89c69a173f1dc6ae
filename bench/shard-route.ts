/** CPU time of a relay for a write, with shards and without: `node bench/shard-route.ts [seconds] [rounds]`. */
import { type RelayProcess, startRelay } from "../test/support/relay-process.ts";
import { DATABASE } from "./backends.ts";
import type { Contender } from "./contenders.ts";
import { startLoad, startSinks } from "./helpers.ts";
import { measure, SHAPES } from "./measure.ts";
import type { CaseName, Options } from "./options.ts";

const CASES: readonly CaseName[] = ["single-64", "batch-8"];
const [seconds = 3, rounds = 5] = process.argv.slice(2).map(Number);

const sinks = await startSinks("sink", "sink", "sink", "sink");
const [a, b, c, d] = sinks.ports.map(
  (port, i) => `{ name = "s${i}", location = "http://127.0.0.1:${port}" }`,
);

/** Every line of a write has the tag region=eu, and a host of its own. */
const LISTENERS: Readonly<Record<string, string>> = {
  "no shards": `output = [${a}, ${b}]`,
  "shards, one for a write": sharded("region"),
  "shards, both for a write": sharded("host"),
};

function sharded(tag: string): string {
  const shard = (name: string, outputs: string) =>
    `[[http.shard]]\nname = "${name}"\noutput = [${outputs}]\n`;
  const two = shard("s1", `${a}, ${b}`) + shard("s2", `${c}, ${d}`);
  return `shard-by = "tag:${tag}"\npin = { eu = "s1" }\n${two}`;
}

const relays: RelayProcess[] = [];
const contenders: Contender[] = [];
for (const [name, listener] of Object.entries(LISTENERS)) {
  const relay = await startRelay({
    config: `shutdown-timeout = "500ms"\n[[http]]\nname = "bench"\nbind-addr = "127.0.0.1:0"\n${listener}\n`,
  });
  relays.push(relay);
  const server = { host: "127.0.0.1", port: relay.port("bench"), pid: relay.pid };
  contenders.push({ name, server } as Contender);
}
const load = startLoad();
try {
  for (const name of CASES) {
    console.log(`\n${SHAPES[name].title}, database ${DATABASE}`);
    const rows = await measure(name, contenders, load, { seconds, rounds } as Options);
    const base = rows[0]?.cpuUsPerWrite ?? Number.NaN;
    for (const { name: label, writesPerSecond, cpuUsPerWrite = Number.NaN, failed } of rows) {
      const cpu = `${cpuUsPerWrite.toFixed(0)} us`.padStart(9);
      const share = (cpuUsPerWrite / base).toFixed(2);
      console.log(
        `${label.padEnd(28)} ${writesPerSecond.toFixed(0).padStart(7)} writes/s ${cpu} x${share} ${failed} failed`,
      );
    }
  }
} finally {
  load.close();
  await Promise.all(relays.map((relay) => relay.kill()));
  sinks.close();
}
