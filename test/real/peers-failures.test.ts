import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readdirSync, statSync, truncateSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import type { Shown } from "../../src/admin/spool-commands.ts";
import { type Child, removeDirectory, startChild, temporaryDirectory } from "../support/child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../support/faulty-influxdb.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { poll, withLimit } from "../support/wait.ts";
import { ask, backendStatus, eventually, mainListener, status, write } from "./replica-set.ts";

// Each test is named after what an older relay or queue does wrong in the same situation.

/** Far below the time limit of a request to a backend, 10 s. */
const AT_ONCE_MS = 1_000;
/** So long a write that one backend stored waits for the others. */
const GRACE_MS = 10;
const WRITERS = 4;
const FLAPPING_MS = 2_000;

let dir: string;

const spool = () => `[spool]\ndir = "${dir}"\n[admin]\nbind-addr = "127.0.0.1:0"\n`;

async function backlog(relay: RelayProcess): Promise<number> {
  return (await backendStatus(relay, "b")).backlog.records;
}

async function backend(relay: RelayProcess): Promise<{ counters: Record<string, number> }> {
  const answer = JSON.parse((await ask(relay.url("main"), "/status")).body);
  return answer.backends.find(({ name }: { name: string }) => name === "b");
}

async function acknowledged(
  relay: RelayProcess,
  body: string | Uint8Array,
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
  db = "demo",
): Promise<void> {
  const answer = await write(relay.url("main"), db, body, parameters, headers);
  assert.equal(answer.status, 204, answer.body);
}

async function sendDatagram(port: number, text: string): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.send(text, port, "127.0.0.1", () => resolve()));
  socket.close();
}

const lines = (server: FaultyInfluxdb) =>
  server.requests
    .filter(({ path }) => path.startsWith("/write"))
    .flatMap(({ text }) => text.trimEnd().split("\n"));

describe("where other relays lose writes", () => {
  let a: FaultyInfluxdb;
  let b: FaultyInfluxdb;
  let relays: RelayProcess[];

  beforeEach(async () => {
    dir = temporaryDirectory("peers-failures");
    [a, b] = await Promise.all([startFaultyInfluxdb(), startFaultyInfluxdb()]);
    relays = [];
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close(), ...relays.map((relay) => relay.kill())]);
    removeDirectory(dir);
  });

  async function start(more = ""): Promise<RelayProcess> {
    const relay = await startRelay({ config: `${mainListener([a, b])}\n${spool()}${more}` });
    relays.push(relay);
    return relay;
  }

  async function bothHave(expected: readonly string[], limitMs?: number): Promise<void> {
    for (const [name, server] of Object.entries({ a, b }))
      await eventually(async () => server.points("demo"), expected.toSorted(), name, limitMs);
  }

  test("an empty POST during an outage is answered at once, and leaves nothing to deliver", async () => {
    const relay = await start();
    await b.refuse();
    await acknowledged(relay, "m v=1 1");
    const started = performance.now();
    for (const body of ["", "\n", "# comment"]) await acknowledged(relay, body);
    assert.ok(performance.now() - started < AT_ONCE_MS);
    await acknowledged(relay, "m v=2 2");
    assert.equal(await backlog(relay), 2);
    await b.listenAgain();
    await bothHave(["m v=1 1", "m v=2 2"]);
    await eventually(() => backlog(relay), 0, "nothing is left");
  });

  test("a backend that flaps under four writers gets everything, in each writer's order", async () => {
    const relay = await start();
    const last = new Array<number>(WRITERS).fill(0);
    const until = performance.now() + FLAPPING_MS;
    const writer = async (w: number) => {
      while (performance.now() < until) {
        const value = (last[w] ?? 0) + 1;
        await acknowledged(relay, `each,w=${w} v=${value} ${value}\nsame,w=${w} v=${value} 1`);
        last[w] = value;
      }
    };
    const flap = async () => {
      for (let up = false; performance.now() < until; up = !up) {
        b.setFault(up ? undefined : { kind: "status", status: 503 });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      b.setFault();
    };
    await Promise.all([flap(), ...last.map((_, w) => writer(w))]);
    const refused = (await backendStatus(relay, "b")).requests["overloaded"] ?? 0;
    assert.ok(refused > 2, `it refused ${refused} requests`);
    const expected = last.flatMap((count, w) => [
      `same,w=${w} v=${count} 1`,
      ...Array.from({ length: count }, (_, i) => `each,w=${w} v=${i + 1} ${i + 1}`),
    ]);
    assert.ok(Math.min(...last) > 10, `too few writes: ${last}`);
    await bothHave(expected);
    for (const server of [a, b]) {
      const order = lines(server);
      for (const w of last.keys()) {
        const places = Array.from({ length: last[w] ?? 0 }, (_, i) =>
          order.lastIndexOf(`each,w=${w} v=${i + 1} ${i + 1}`),
        );
        assert.deepEqual(
          places,
          places.toSorted((x, y) => x - y),
        );
      }
    }
    await eventually(() => backlog(relay), 0, "nothing is left");
  });

  test("the very first delivery from an empty directory fails, and nothing of the backlog is lost", async () => {
    const relay = await start();
    b.setFault({ kind: "status", status: 500, path: "/write", body: '{"error":"engine is not open"}\n' });
    const expected = ["m v=1 1", "m v=2 2", "m v=3 3"];
    for (const line of expected) await acknowledged(relay, line);
    // It answers pings all the time, so that delivery is tried, and fails, more than once.
    await poll(
      async () => ((await backendStatus(relay, "b")).requests["unreachable"] ?? 0) >= 3,
      "failed deliveries",
    );
    assert.equal(await backlog(relay), 3);
    b.setFault();
    await bothHave(expected);
    await eventually(() => backlog(relay), 0, "nothing is left");
  });

  test("a torn last record costs itself, and neither what is before it nor what comes after it", async () => {
    const first = await start();
    await b.refuse();
    const written = Array.from({ length: 10 }, (_, i) => `m v=${i} ${i}`);
    for (const line of written) await acknowledged(first, line);
    await first.kill();
    const segments = readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((name) => /\bb[^/]*\/main-[0-9a-f]+\.seg$/.test(name))
      .sort();
    const newest = join(dir, segments.at(-1) ?? assert.fail("no segment"));
    truncateSync(newest, statSync(newest).size - 5);
    const second = await start();
    // Until it has been read, the backlog is an upper bound.
    await eventually(() => backlog(second), 9, "what can be read");
    const late = "m v=10 10";
    await acknowledged(second, late);
    await b.listenAgain();
    const expected = [...written.slice(0, -1), late].sort();
    await eventually(async () => b.points("demo"), expected, "all but the torn one", 30_000);
    assert.deepEqual(lines(b).slice(-10), [...written.slice(0, -1), late]);
    await eventually(() => backlog(second), 0, "nothing is left");
  });

  test("a flush of an empty queue does not throw away the next write that fails", async () => {
    const relay = await start();
    for (const part of ["backlog", "held", "dead"]) {
      const answer = await ask(relay.url("[admin]"), "/spool/b/drop", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ part }),
      });
      assert.deepEqual([answer.status, answer.body], [200, '{"records":0}']);
    }
    await b.refuse();
    const expected = ["m v=1 1", "m v=2 2"];
    for (const line of expected) await acknowledged(relay, line);
    assert.equal(await backlog(relay), 2);
    await b.listenAgain();
    await bothHave(expected);
  });

  test("SIGTERM with datagrams still collected: they are written, and stored for a backend that is down", async () => {
    const config = `[[udp]]\nname = "udp"\nbind-addr = "127.0.0.1:0"\nto = "main"\ndatabase = "demo"\nbatch-timeout = "1h"\n`;
    const relay = await start(config);
    await b.refuse();
    const expected = Array.from({ length: 20 }, (_, i) => `m v=${i} ${i}`);
    for (const line of expected) await sendDatagram(relay.port("udp"), line);
    await poll(async () => (await status(relay)).udp[0]?.datagrams.received === 20, "the datagrams");
    assert.deepEqual(a.points("demo"), []);
    assert.equal(await relay.stop("SIGTERM"), 0);
    assert.deepEqual(a.points("demo"), expected.toSorted());
    await b.listenAgain();
    await start();
    await bothHave(expected);
  });

  test("large writes are stored while the backlog before them is read, and no half of one is read", async () => {
    const relay = await start();
    const text = "x".repeat(60_000);
    const body = (w: number, i: number) =>
      [0, 1, 2].map((part) => `m,part=${part},w=${w} v="${i}${text}" ${i}`);
    const write = (w: number, i: number) => acknowledged(relay, body(w, i).join("\n"));
    await b.refuse();
    for (let i = 0; i < 20; i++) await write(0, i);
    await b.listenAgain();
    const writer = async (w: number) => {
      for (let i = 0; i < 15; i++) await write(w, i);
    };
    await Promise.all([1, 2, 3, 4].map(writer));
    const expected = [0, 1, 2, 3, 4].flatMap((w) =>
      Array.from({ length: w === 0 ? 20 : 15 }, (_, i) => body(w, i)).flat(),
    );
    await eventually(() => backlog(relay), 0, "all is delivered");
    for (const server of [a, b])
      assert.ok(isDeepStrictEqual(server.points("demo"), expected.toSorted()), "all of it, and nothing else");
    const { counters } = await backend(relay);
    assert.deepEqual([counters["damaged"], counters["notStored"], counters["lostRecords"]], [0, 0, 0]);
  });

  test("a backend that answers no SYN leaves the latency of the others as it was", async () => {
    const hole = await startBlackHole();
    const config = (servers: readonly { url: string }[]) =>
      `${mainListener(servers, 'timeout = "2s"')}\n${spool()}`;
    try {
      const healthy = await startRelay({ config: config([a]) });
      relays.push(healthy);
      const usual = await latencies(healthy, "usual");
      await healthy.stop();
      const relay = await startRelay({ config: config([a, hole]) });
      relays.push(relay);
      const unknown = await latencies(relay, "unknown");
      await relay.waitForLog(({ event }) => event === "backend-down");
      const down = await latencies(relay, "down");
      for (const took of [unknown, down]) {
        const what = `${median(took)} ms, at most ${Math.max(...took)} ms; ${median(usual)} ms without it`;
        assert.ok(median(took) < 3 * median(usual) + GRACE_MS, what);
        assert.ok(Math.max(...took) < AT_ONCE_MS, what);
      }
      assert.equal(await backlog(relay), unknown.length + down.length);
    } finally {
      hole.close();
    }
  });
});

/** How long writes of four clients take, in milliseconds. */
async function latencies(relay: RelayProcess, measurement: string): Promise<number[]> {
  const took: number[] = [];
  const client = async (c: number) => {
    for (let i = 0; i < 50; i++) {
      const started = performance.now();
      await acknowledged(relay, `${measurement},c=${c} v=${i} ${i}`);
      took.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, c) => client(c)));
  return took;
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1] ?? Number.NaN;
}

/** A port whose queue of connections is full and never emptied: the kernel drops every further SYN, and sends no RST. */
async function startBlackHole(): Promise<{ url: string; close(): void }> {
  const listening = Promise.withResolvers<number>();
  const program = `
    const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, server.address().port + "\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child: Child = startChild(process.execPath, ["-e", program], {
    onLine: (line) => listening.resolve(Number(line)),
  });
  const port = await withLimit(listening.promise, "the black hole");
  const sockets: Socket[] = [];
  const close = () => {
    for (const socket of sockets) socket.destroy();
    child.signal("SIGKILL");
  };
  // Until one gets no answer.
  for (let connected = true; connected && sockets.length < 20; ) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    connected = await new Promise((resolve) => {
      socket.on("connect", () => resolve(true));
      setTimeout(() => resolve(false), 200);
    });
  }
  return { url: `http://127.0.0.1:${port}`, close };
}

describe("where other relays write something else than they were told", {
  skip: requireReal("influxd"),
}, () => {
  let a: RealInfluxdb;
  let b: RealInfluxdb;
  let relay: RelayProcess;
  let config: string;
  let db: string;
  let databases = 0;

  before(async () => {
    [a, b] = await Promise.all([startRealInfluxdb(), startRealInfluxdb()]);
  });
  after(async () => {
    await Promise.all([a?.close(), b?.close()]);
  });
  beforeEach(async () => {
    dir = temporaryDirectory("peers-failures");
    db = `db${databases++}`;
    for (const server of [a, b]) await server.query(`CREATE DATABASE ${db}`);
    // A database that is missing would be made, and filled, before anybody could look.
    config = `${mainListener([a, b])}\n${spool()}[recovery]\nmode = "manual"\n`;
    relay = await startRelay({ config });
  });
  afterEach(async () => {
    await relay?.kill();
    removeDirectory(dir);
  });

  const post = (
    body: string | Uint8Array,
    parameters: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) => acknowledged(relay, body, parameters, headers, db);

  /** Does this while b is down, so that all of it goes through the spool; the points that b has in the end. */
  async function whileDown(run: () => Promise<void>): Promise<string[]> {
    await b.kill();
    await run();
    const kept = await backlog(relay);
    assert.ok(kept > 0, "nothing went through the spool");
    await b.start();
    await eventually(() => backlog(relay), 0, "all is delivered");
    return b.points(db);
  }

  test("bodies of several content types, encodings, precisions and endpoints in one backlog do not mix", async () => {
    const stored = await whileDown(async () => {
      await post("m,p=s v=1 1700000001", { precision: "s" }, { "content-type": "text/plain" });
      await post("m,p=ms v=2 1700000002000\n", { precision: "ms" }, { "content-type": "application/json" });
      await post(gzipSync("m,p=gzip v=3 1700000003000000000"), {}, { "content-encoding": "gzip" });
      await post(
        "m,p=u v=4 1700000004000000",
        { precision: "u" },
        { "content-type": "application/x-www-form-urlencoded" },
      );
      const v2 = await ask(relay.url("main"), `/api/v2/write?bucket=${db}&precision=s`, {
        method: "POST",
        body: "m,p=v2 v=5 1700000005",
      });
      assert.equal(v2.status, 204, v2.body);
      await post("m,p=ns v=6 1700000006000000000");
    });
    assert.deepEqual(
      stored,
      ["gzip v=3 1700000003", "ms v=2 1700000002", "ns v=6 1700000006", "s v=1 1700000001"]
        .concat("u v=4 1700000004", "v2 v=5 1700000005")
        .map((text) => `m,p=${text}000000000`),
    );
    assert.deepEqual(stored, await a.points(db));
  });

  test("bodies without a line feed at their end stay lines of their own in a backlog", async () => {
    const expected = Array.from({ length: 9 }, (_, i) => `m v=${i} ${i}`);
    const stored = await whileDown(async () => {
      for (const [i, line] of expected.entries()) await post(i % 3 === 2 ? `${line}\n` : line);
    });
    assert.deepEqual(stored, expected);
    // Joined to one line they would be refused, and sent again one by one.
    assert.equal((await backendStatus(relay, "b")).requests["rejected"], 0);
    assert.deepEqual(stored, await a.points(db));
  });

  test("precision=s and no time: both replicas have the same one, in whole seconds, and it is now", async () => {
    const before = Math.floor(Date.now() / 1_000);
    const stored = await whileDown(async () => {
      await post("m,i=1 v=1\nm,i=2 v=2", { precision: "s" });
      await post("m,i=3 v=3\n", { precision: "s" });
    });
    assert.deepEqual(stored, await a.points(db));
    assert.equal(stored.length, 3);
    for (const line of stored) {
      const [, seconds] = /^m,i=. v=. (\d+)0{9}$/.exec(line) ?? assert.fail(line);
      assert.ok(Number(seconds) >= before && Number(seconds) <= Date.now() / 1_000, line);
    }
  });

  test("a negative time is a time: nothing is added to it", async () => {
    const expected = ["m v=1 -1", "m v=2 -1700000000000000000"];
    const stored = await whileDown(async () => {
      await post("m v=1 -1\nm v=2 -1700000000000000000");
      await post("n v=3 -5", { precision: "s" });
    });
    assert.deepEqual(stored, [...expected, "n v=3 -5000000000"]);
    assert.deepEqual(stored, await a.points(db));
  });

  test("of 999 good lines and a bad one in a backlog the good ones arrive, and the bad one is kept with the reason", async () => {
    assert.equal((await b.write(db, 'm,i=500 v="text" 0')).status, 204);
    const body = Array.from({ length: 1_000 }, (_, i) =>
      i === 500 ? "m,i=500 v=500 500" : `n,i=${i} v=${i} ${i}`,
    );
    await whileDown(() => post(body.join("\n")));
    const good = body.filter((line) => line.startsWith("n")).sort();
    assert.deepEqual(await b.points(db, { measurements: ["n"] }), good);
    assert.deepEqual(await b.points(db, { measurements: ["m"] }), ['m,i=500 v="text" 0']);
    assert.deepEqual(await a.points(db), [...good, "m,i=500 v=500 500"].sort());
    const show = await ask(relay.url("[admin]"), "/spool/b?part=dead");
    assert.equal(show.status, 200, show.body);
    const { records } = JSON.parse(show.body) as Shown;
    assert.deepEqual(
      records.map(({ preview }) => preview.trimEnd()),
      ["m,i=500 v=500 500"],
    );
    const refusal = await b.write(db, "m,i=500 v=500 500");
    const { error } = (await refusal.json()) as { error: string };
    assert.match(error, /field type conflict/);
    assert.ok(JSON.stringify(records[0]).includes(JSON.stringify(error).slice(1, -1)), show.body);
  });

  test("a backend that returns without its database keeps its backlog, also over kill -9 of the relay", async () => {
    await post("m v=1 1");
    await eventually(() => b.points(db), ["m v=1 1"], "the first point");
    await b.query(`DROP DATABASE ${db}`);
    await b.kill();
    for (const i of [2, 3]) await post(`m v=${i} ${i}`);
    await b.start();
    const held = async () => (await backendStatus(relay, "b")).held.map(({ records }) => records);
    await eventually(held, [2], "the backlog is held");
    await relay.kill();
    relay = await startRelay({ config });
    await post("m v=4 4");
    // A kill may leave a write in two logs: it is held twice then.
    await eventually(async () => ((await held())[0] ?? 0) >= 3, true, "still held");
    await b.query(`CREATE DATABASE ${db}`);
    // What is kept waits 10 s after a kill.
    await eventually(() => b.points(db), ["m v=2 2", "m v=3 3", "m v=4 4"], "all of it", 30_000);
    await eventually(held, [], "nothing is held any more");
  });
});
