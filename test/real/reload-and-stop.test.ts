import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { Client } from "undici";
import { certificates } from "../support/certificates.ts";
import { temporaryDirectory } from "../support/child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../support/faulty-influxdb.ts";
import { type RelayProcess, type RelayProcessOptions, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { type Answer, ask, eventually, mainListener, status, write } from "./replica-set.ts";

let a: FaultyInfluxdb;
let b: FaultyInfluxdb;
let relays: RelayProcess[];

beforeEach(async () => {
  [a, b] = await Promise.all([startFaultyInfluxdb(), startFaultyInfluxdb()]);
  relays = [];
});

afterEach(async () => {
  await Promise.all([a.close(), b.close(), ...relays.map((relay) => relay.kill())]);
});

async function start(
  config: string,
  options: Omit<RelayProcessOptions, "config"> = {},
): Promise<RelayProcess> {
  const relay = await startRelay({ ...options, config });
  relays.push(relay);
  return relay;
}

async function post(relay: RelayProcess, line: string, listener = "main"): Promise<Answer> {
  return write(relay.url(listener), "demo", line);
}

/** Puts another config in the place of the old one, and waits until the relay says what became of it. */
async function reload(relay: RelayProcess, config: string): Promise<string> {
  const before = relay.log.length;
  writeFileSync(relay.configFile, config);
  relay.signal("SIGHUP");
  const isEnd = ({ event }: { event: string }) => event === "reloaded" || event === "reload-failed";
  await relay.waitForLog((line) => isEnd(line) && relay.log.indexOf(line) >= before);
  return JSON.stringify(relay.log.slice(before).find(isEnd));
}

/** A TCP port that somebody else has. */
async function takenPort(): Promise<{ port: number; close: () => void }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function sendDatagram(port: number, text: string): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.send(text, port, "127.0.0.1", () => resolve()));
  socket.close();
}

const second = (servers: readonly FaultyInfluxdb[]) => mainListener(servers).replace('"main"', '"second"');
const udp = (to: string) =>
  `[[udp]]\nname = "udp"\nbind-addr = "127.0.0.1:0"\nto = "${to}"\ndatabase = "demo"\nbatch-timeout = "1h"\n`;

describe("SIGHUP", () => {
  test("a new output gets the writes that come after it", async () => {
    const relay = await start(mainListener([a]));
    await post(relay, "m v=1 1");
    assert.match(await reload(relay, mainListener([a, b])), /"reloaded"/);
    assert.equal((await post(relay, "m v=2 2")).status, 204);
    await eventually(async () => b.points("demo"), ["m v=2 2"], "the write after the reload");
    assert.deepEqual(a.points("demo"), ["m v=1 1", "m v=2 2"]);
  });

  test("an output that leaves with a backlog is reported, and still gets it when it is back", async () => {
    const relay = await start(mainListener([a, b]));
    await b.refuse();
    for (const i of [1, 2]) assert.equal((await post(relay, `m v=${i} ${i}`)).status, 204);
    assert.match(await reload(relay, mainListener([a])), /"reloaded"/);
    const line = await relay.waitForLog(({ event }) => event === "backend-removed-with-backlog");
    assert.deepEqual([line["backend"], line["records"]], ["b", 2]);
    const { removed, backends } = await status(relay);
    assert.deepEqual(
      removed.map(({ name, backlog }) => [name, backlog.records]),
      [["b", 2]],
    );
    assert.deepEqual(
      backends.map(({ name }) => name),
      ["a"],
    );
    assert.equal((await post(relay, "m v=3 3")).status, 204);
    await b.listenAgain();
    await eventually(async () => b.points("demo"), ["m v=1 1", "m v=2 2"], "the backlog");
    await eventually(async () => (await status(relay)).removed, [], "it is forgotten once it has everything");
  });

  test("an output that leaves with a backlog and returns goes on where it was", async () => {
    const relay = await start(mainListener([a, b]));
    await b.refuse();
    await post(relay, "m v=1 1");
    await reload(relay, mainListener([a]));
    await reload(relay, mainListener([a, b]));
    assert.deepEqual((await status(relay)).removed, []);
    await post(relay, "m v=2 1");
    await b.listenAgain();
    await eventually(async () => b.points("demo"), ["m v=2 1"], "both writes, in order");
  });

  for (const [what, wrong] of [
    ["no TOML", "this is = = not TOML"],
    ["an unknown key", '[[http]]\nbind-adr = "127.0.0.1:0"\n'],
  ] as const) {
    test(`a config that is wrong (${what}) leaves the old one in force`, async () => {
      const relay = await start(mainListener([a, b]));
      assert.match(await reload(relay, wrong), /"reload-failed".*the old config stays in force/);
      assert.equal((await post(relay, "m v=1 1")).status, 204);
      await eventually(async () => b.points("demo"), ["m v=1 1"], "the write");
      assert.match(await reload(relay, mainListener([a])), /"reloaded"/);
    });
  }

  test("a listener that cannot listen is named, and those that stay go on", async () => {
    const relay = await start(mainListener([a]));
    const taken = await takenPort();
    const third = second([a]).replace("127.0.0.1:0", `127.0.0.1:${taken.port}`);
    try {
      const failed = new RegExp(`"reload-failed".*cannot listen on 127.0.0.1:${taken.port}`);
      assert.match(await reload(relay, mainListener([a]) + third), failed);
      assert.equal((await post(relay, "m v=1 1")).status, 204);
    } finally {
      taken.close();
    }
    assert.match(await reload(relay, mainListener([a]) + third), /"reloaded"/);
    assert.equal((await post(relay, "m v=2 2", "second")).status, 204);
  });

  test("listeners come and go, and change on the same port", async () => {
    const relay = await start(mainListener([a]));
    await reload(relay, `${mainListener([a])}${second([a, b])}`);
    assert.equal((await post(relay, "m v=1 1", "second")).status, 204);
    const { port } = new URL(relay.url("second"));
    const moved = second([a, b]).replace("127.0.0.1:0", `127.0.0.1:${port}`);
    assert.match(await reload(relay, `${mainListener([a])}${moved}`), /"reloaded"/);
    const limited = moved.replace("output", "max-connections = 100\noutput");
    assert.match(await reload(relay, `${mainListener([a])}${limited}`), /"reloaded"/);
    assert.equal((await post(relay, "m v=2 2", "second")).status, 204);
    await reload(relay, mainListener([a]));
    await assert.rejects(post(relay, "m v=3 3", "second"));
    assert.equal((await post(relay, "m v=4 4")).status, 204);
  });

  test("what UDP collected for a listener that leaves is written", async () => {
    const relay = await start(`${mainListener([a])}${second([b])}${udp("second")}`);
    await sendDatagram(relay.port("udp"), "m v=1 1");
    await poll(async () => (await status(relay)).udp[0]?.datagrams.received === 1, "the datagram");
    assert.match(await reload(relay, mainListener([a])), /"reloaded"/);
    await eventually(async () => b.points("demo"), ["m v=1 1"], "the datagram's line");
  });

  test("a second one waits for the first, and the last config is in force", async () => {
    const relay = await start(mainListener([a]) + udp("main"));
    await sendDatagram(relay.port("udp"), "m v=1 1");
    await poll(async () => (await status(relay)).udp[0]?.datagrams.received === 1, "the datagram");
    a.setFault({ kind: "hold", store: "before", times: 1 });
    writeFileSync(relay.configFile, mainListener([a]) + second([a]));
    relay.signal("SIGHUP");
    await a.waitForHeld(1);
    writeFileSync(relay.configFile, mainListener([a, b]));
    relay.signal("SIGHUP");
    // The relay has read the signal when it answers a request that came after it.
    await status(relay);
    a.release();
    const reloaded = () => relay.log.filter(({ event }) => event === "reloaded").length;
    await eventually(async () => reloaded(), 2, "both reloads");
    const { listeners } = await status(relay);
    assert.deepEqual(
      listeners.map(({ name, replicas }) => [name, replicas]),
      [["main", ["a", "b"]]],
    );
    assert.equal((await post(relay, "m v=2 2")).status, 204);
  });

  test("a client keeps its connection, and the request that was in flight its answer", async () => {
    const relay = await start(mainListener([a]));
    const client = new Client(relay.url("main"));
    let connections = 0;
    client.on("connect", () => connections++);
    const request = async (body: string) => {
      const answer = await client.request({ method: "POST", path: "/write?db=demo", body });
      await answer.body.dump();
      return answer.statusCode;
    };
    try {
      assert.equal(await request("m v=1 1"), 204);
      a.setFault({ kind: "hold", store: "before", times: 1 });
      const inFlight = request("m v=2 2");
      await a.waitForHeld(1);
      await reload(relay, mainListener([a, b], 'timeout = "20s"'));
      a.release();
      assert.equal(await inFlight, 204);
      assert.equal(await request("m v=3 3"), 204);
      assert.equal(connections, 1);
    } finally {
      await client.destroy();
    }
  });

  test("the certificate of a listener is read again", { skip: requireReal("openssl") }, async () => {
    const { good, wrongName } = certificates();
    const file = join(temporaryDirectory("pem"), "relay.pem");
    writeFileSync(file, good.cert + good.key);
    const config = mainListener([a], "", `ssl-combined-pem = "${file}"`);
    const relay = await start(config);
    const name = () => commonName(relay.port("main"));
    assert.equal(await name(), "good");
    writeFileSync(file, "no certificate");
    assert.match(await reload(relay, config), /"reload-failed".*ssl-combined-pem/);
    assert.equal(await name(), "good");
    writeFileSync(file, wrongName.cert + wrongName.key);
    assert.match(await reload(relay, config), /"reloaded"/);
    assert.equal(await name(), "wrong-name");
  });
});

async function commonName(port: number): Promise<string | undefined> {
  const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN?.toString();
}

describe("SIGTERM", () => {
  test("what is in flight is answered, and nobody new is let in", async () => {
    const relay = await start(mainListener([a]));
    a.setFault({ kind: "hold", store: "after", times: 1 });
    const inFlight = post(relay, "m v=1 1");
    await a.waitForHeld(1);
    const ended = relay.stop("SIGTERM");
    await relay.waitForLog(({ event }) => event === "stopping");
    await assert.rejects(ask(relay.url("main"), "/ping"));
    a.release();
    assert.equal((await inFlight).status, 204);
    assert.equal(await ended, 0);
    assert.deepEqual(a.points("demo"), ["m v=1 1"]);
  });

  test("what a slower replica has yet to answer is waited for", async () => {
    const relay = await start(mainListener([a, b]));
    b.setFault({ kind: "hold", store: "after", times: 1 });
    assert.equal((await post(relay, "m v=1 1")).status, 204);
    assert.equal((await post(relay, "m v=2 2")).status, 204);
    await b.waitForHeld(1);
    const ended = relay.stop("SIGTERM");
    await relay.waitForLog(({ event }) => event === "stopping");
    b.release();
    assert.equal(await ended, 0);
    assert.deepEqual(b.points("demo"), ["m v=1 1", "m v=2 2"]);
  });

  test("acknowledged writes that cannot be delivered are named, and the exit code is 3", async () => {
    const relay = await start(mainListener([a, b]));
    await b.refuse();
    assert.equal((await post(relay, "m v=1 1")).status, 204);
    assert.equal(await relay.stop("SIGTERM"), 3);
    const line = relay.log.find(({ event }) => event === "undelivered");
    assert.deepEqual([line?.["backend"], line?.["records"]], ["b", 1]);
  });

  test("a replica that hangs delays the stop for no longer than shutdown-timeout", async () => {
    const relay = await start(`shutdown-timeout = "300ms"\n${mainListener([a, b])}`);
    b.setFault({ kind: "hang" });
    assert.equal((await post(relay, "m v=1 1")).status, 204);
    assert.equal(await relay.stop("SIGTERM", 5_000), 3);
  });

  test("a second signal ends the relay at once", async () => {
    const relay = await start(`shutdown-timeout = "1h"\n${mainListener([a])}`);
    a.setFault({ kind: "hang" });
    const inFlight = assert.rejects(post(relay, "m v=1 1"));
    await a.waitForRequests(1, "/write");
    relay.signal("SIGTERM");
    await relay.waitForLog(({ event }) => event === "stopping");
    assert.equal(await relay.stop("SIGINT", 5_000), 1);
    await inFlight;
  });

  test("what UDP collected is written first", async () => {
    const relay = await start(`${mainListener([a, b])}${udp("main")}`);
    await sendDatagram(relay.port("udp"), "m v=1 1\nm v=2 2");
    await poll(async () => (await status(relay)).udp[0]?.datagrams.received === 1, "the datagram");
    assert.deepEqual(a.points("demo"), []);
    assert.equal(await relay.stop("SIGTERM"), 0);
    for (const server of [a, b]) assert.deepEqual(server.points("demo"), ["m v=1 1", "m v=2 2"]);
  });
});

describe("a relay that cannot start", () => {
  test("names the address that it cannot listen on: exit code 1", async () => {
    const { port, close } = await takenPort();
    try {
      const config = mainListener([a]).replace("127.0.0.1:0", `127.0.0.1:${port}`);
      await assert.rejects(
        start(config),
        new RegExp(`ended \\(1\\).*cannot listen on 127.0.0.1:${port}`, "s"),
      );
    } finally {
      close();
    }
  });

  test("names a UDP address that it cannot listen on: exit code 1", async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    try {
      const config = `${mainListener([a])}${udp("main").replace("127.0.0.1:0", `127.0.0.1:${port}`)}`;
      await assert.rejects(
        start(config),
        new RegExp(`ended \\(1\\).*cannot listen on 127.0.0.1:${port}`, "s"),
      );
    } finally {
      socket.close();
    }
  });

  test("names everything that is wrong with its config: exit code 2", async () => {
    const config = `[[http]]\nname = "main"\nbind-addr = "nowhere"\noutput = [{ location = "ftp://x", timeout = "soon" }]\nspeed = 1\n`;
    const failed = await start(config).then(
      () => "it started",
      (error: Error) => error.message,
    );
    assert.match(failed, /ended \(2\)/);
    for (const problem of ["bind-addr", "location", "timeout", "speed"])
      assert.match(failed, new RegExp(problem));
  });
});
