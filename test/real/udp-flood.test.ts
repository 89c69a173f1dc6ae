import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { eventually, mainListener, status } from "./replica-set.ts";

const LINES = 100_000;
const LINES_PER_SECOND = 20_000;
const LINES_PER_DATAGRAM = 10;
const DATAGRAMS = LINES / LINES_PER_DATAGRAM;

describe("UDP", { skip: requireReal("influxd") }, () => {
  let servers: RealInfluxdb[] = [];
  let relay: RelayProcess;
  let sender: Socket;

  before(async () => {
    const port = await freeUdpPort();
    const udp = `[[udp]]\n  enabled = true\n  bind-address = "127.0.0.1:${port}"\n  database = "out"\n  batch-timeout = "20ms"\n`;
    servers = await Promise.all([
      startRealInfluxdb({ databases: ["d", "out"], http: udp }),
      startRealInfluxdb({ databases: ["d"] }),
    ]);
    relay = await startRelay({
      config: `${mainListener(servers)}
[[udp]]
name = "in"
bind-addr = "127.0.0.1:0"
to = "main"
database = "d"
batch-timeout = "100ms"

[[udp]]
name = "through"
bind-addr = "127.0.0.1:0"
output = [{ name = "influxd", location = "127.0.0.1:${port}", mtu = 200 }]
`,
    });
    sender = createSocket("udp4");
  });
  after(async () => {
    sender?.close();
    await Promise.all([relay?.kill(), ...servers.map((server) => server.close())]);
  });

  const send = (text: string, listener: string) =>
    new Promise<void>((resolve, reject) => {
      sender.send(text, relay.port(listener), "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });

  async function datagramsOf(listener: string) {
    const found = (await status(relay)).udp.find(({ name }) => name === listener);
    assert.ok(found);
    return found;
  }

  async function count(server: RealInfluxdb, db: string): Promise<number> {
    const [result] = await server.query("SELECT count(v) FROM flood", db);
    return Number(result?.series?.[0]?.values?.[0]?.[1] ?? 0);
  }

  test(`${LINES} lines at ${LINES_PER_SECOND} a second: nearly all are on both servers, and each is accounted for`, async () => {
    await flood(LINES_PER_DATAGRAM, DATAGRAMS, (text) => send(text, "in"));

    await poll(
      async () => (await datagramsOf("in")).datagrams.waiting === 0,
      "every batch to be answered",
      20_000,
    );
    const { datagrams, kernelDrops } = await datagramsOf("in");
    const dropped = Object.values(datagrams.dropped).reduce((sum, each) => sum + each, 0);
    assert.equal(datagrams.received, datagrams.forwarded + dropped);
    assert.equal(datagrams.received + (kernelDrops ?? 0), DATAGRAMS);
    assert.ok(datagrams.lines >= 0.99 * LINES, `${datagrams.lines} lines came in`);
    for (const server of servers) await eventually(() => count(server, "d"), datagrams.lines, "the lines");
  });

  test("out again as UDP: cut between lines to the mtu, into InfluxDB's own UDP service", async () => {
    const lines = Array.from({ length: 10 }, (_, i) => `flood,line=through-the-relay-${i} v=${i}.5 ${i}`);
    await send(`${lines.join("\n")}\n`, "through");
    const stored = () => servers[0]?.points("out") ?? Promise.resolve([]);
    await eventually(stored, lines, "the lines");
    const { datagrams } = await datagramsOf("through");
    assert.deepEqual([datagrams.received, datagrams.forwarded], [1, 1]);
    const [output] = datagrams.outputs ?? [];
    assert.ok(Number(output?.["sent"]) > 1);
    assert.equal(output?.["failed"], 0);
  });
});

/** Sends datagrams at an even pace, as many as are due at a time; a slow machine may fall behind, not catch up at once. */
async function flood(lines: number, datagrams: number, send: (text: string) => Promise<void>): Promise<void> {
  const perMs = LINES_PER_SECOND / lines / 1_000;
  const burst = 50;
  const started = performance.now();
  for (let sent = 0; sent < datagrams; ) {
    const due = Math.min(datagrams, (performance.now() - started) * perMs, sent + burst);
    for (; sent < due; sent++) {
      const first = sent * lines;
      const text = Array.from({ length: lines }, (_, i) => `flood,host=h${i} v=${first + i} ${first + i}`);
      await send(text.join("\n"));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
