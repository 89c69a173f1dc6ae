import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { RealInfluxdb } from "../support/real-influxdb.ts";
import { startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import {
  type Answer,
  ask,
  backendStatus,
  eventually,
  mainListener,
  type ReplicaSet,
  type Request,
  startReplicaSet,
  write,
} from "./replica-set.ts";

const T = "1700000000000000000";
const GOOD = `m,host=a v=1 ${T}`;
const GOOD_BAD_GOOD = `m,host=a v=1 ${T}\nm,host=b\nm,host=c v=1 ${T}`;
const packed = gzipSync(GOOD);
const GZIP = { "content-encoding": "gzip" };
/** "At once": far below the time limit of a request to a backend, 10 s. */
const AT_ONCE_MS = 1_000;

interface Case extends Request {
  readonly name: string;
  /** `DB` stands for the case's own database. */
  readonly path?: string;
  /** Written before. */
  readonly seed?: string;
  /** Lines have no time: it is compared between the replicas only, and why InfluxDB refused a line is not compared. */
  readonly untimed?: true;
}

const CASES: readonly Case[] = [
  { name: "a good line", body: GOOD },
  { name: "good lines without a time", body: "m,host=a v=1\nm,host=b v=2,w=3i\n", untimed: true },
  { name: "a malformed line", body: "m this is not a line" },
  { name: "good, bad and good lines", body: GOOD_BAD_GOOD },
  { name: "good, bad and good lines without a time", body: "m v=1\nm,host=b\nm,host=c v=1", untimed: true },
  { name: "a field type conflict", seed: "m v=1 1", body: 'm v="x" 2' },
  { name: "a field type conflict among good lines", seed: "m v=1 1", body: 'n v=1 1\nm v="x" 2\nm v=3 3\n' },
  { name: "a conflict and a malformed line", seed: "m v=1 1", body: 'm v="x" 2\nbad\nm v=4 4' },
  { name: "a bad timestamp", body: "m,host=a v=1 17x" },
  { name: "CRLF after a time", body: "m v=1 1\r\nm v=2 2\r\n" },
  { name: "CRLF without a time", body: "m v=1\r\n", untimed: true },
  { name: "an unknown database", path: "/write?db=nosuchdb", body: GOOD },
  { name: "an unknown database, empty body", path: "/write?db=nosuchdb", body: "" },
  { name: "gzip", body: packed, headers: GZIP },
  { name: "gzip of a malformed line", body: gzipSync("m this is not a line"), headers: GZIP },
  { name: "gzip header but plain body", body: GOOD, headers: GZIP },
  { name: "gzip cut off 12 bytes early", body: packed.subarray(0, -12), headers: GZIP },
  { name: "precision=s", path: "/write?db=DB&precision=s", body: "m v=1 1700000000" },
  { name: "precision=m", path: "/write?db=DB&precision=m", body: "m v=1 28333333" },
  { name: "precision=bogus", path: "/write?db=DB&precision=bogus", body: GOOD },
  { name: "an empty body", body: "" },
  { name: "a newline only", body: "\n" },
  { name: "a comment only", body: "# comment" },
  { name: "no database", path: "/write", body: GOOD },
  { name: "an empty database", path: "/write?db=", body: GOOD },
  { name: "an unknown retention policy", path: "/write?db=DB&rp=nosuch", body: GOOD },
  { name: "a retention policy that exists", path: "/write?db=DB&rp=short", body: "m v=1", untimed: true },
  { name: "an invalid consistency", path: "/write?db=DB&consistency=two", body: GOOD },
  { name: "consistency=all", path: "/write?db=DB&consistency=all", body: GOOD },
  { name: "an X-Request-Id", body: GOOD, headers: { "x-request-id": "mine-1" } },
  { name: "a Request-Id", body: GOOD, headers: { "request-id": "mine-2" } },
  { name: "an Origin", body: GOOD, headers: { origin: "http://page.example" } },
  { name: "GET /write", method: "GET" },
  { name: "PUT /write", method: "PUT", body: GOOD },
  { name: "OPTIONS /write", method: "OPTIONS" },
  { name: "GET /ping", method: "GET", path: "/ping" },
  { name: "HEAD /ping", method: "HEAD", path: "/ping" },
  { name: "GET /nosuch", method: "GET", path: "/nosuch" },
];

const HEADERS = [
  "content-type",
  "x-influxdb-error",
  "x-influxdb-version",
  "x-influxdb-build",
  "www-authenticate",
];

/** An answer with what must differ from request to request made equal. */
function comparable({ status, body, headers }: Answer, { headers: sent = {}, untimed }: Case) {
  const own = Object.values(sent);
  const id = (name: string) => {
    const value = headers.get(name);
    return value === null || own.includes(value) ? value : "some id";
  };
  const kept = HEADERS.map((name) => [name, headers.get(name)]);
  const cors = [...headers].filter(([name]) => name.startsWith("access-control-")).sort();
  return {
    status,
    body: untimed ? body.replace(/( \d+)?': [a-z ]+/g, "'") : body,
    headers: untimed ? kept.filter(([name]) => name !== "x-influxdb-error") : kept,
    ids: [id("request-id"), id("x-request-id")],
    // The server names the methods of a path in a different order each time.
    allow: headers.get("allow")?.split(", ").sort(),
    cors,
  };
}

describe("a relay over two InfluxDB servers", { skip: requireReal("influxd") }, () => {
  let set: ReplicaSet;
  let url: string;
  let db: string;
  let databases = 0;

  before(async () => {
    set = await startReplicaSet({
      config: `[[udp]]\nname = "udp"\nbind-addr = "127.0.0.1:0"\nto = "main"\ndatabase = "udp"\nbatch-timeout = "20ms"\n`,
      influxd: { databases: ["udp"] },
    });
    url = set.relay.url("main");
  });
  after(() => set?.close());

  /** Each test has a database of its own on all three servers. */
  beforeEach(async () => {
    db = `db${databases++}`;
    for (const server of set.servers) {
      await server.query(
        `CREATE DATABASE ${db}; CREATE RETENTION POLICY short ON ${db} DURATION 1h REPLICATION 1`,
      );
    }
  });

  async function points(server: RealInfluxdb, untimed?: true): Promise<string[]> {
    const all = [...(await server.points(db)), ...(await server.points(db, { rp: "short" }))];
    return untimed ? all.map((line) => line.replace(/ \d+$/, "")) : all;
  }

  /** Both replicas hold what the oracle holds. A last write shows that the ones before it are done. */
  async function sameAsOracle(untimed?: true): Promise<void> {
    for (const target of [url, set.oracle.url])
      assert.equal((await write(target, db, "done v=1 1")).status, 204);
    const expected = await points(set.oracle, untimed);
    await eventually(() => points(set.a, untimed), expected, "a equals the oracle");
    await eventually(() => points(set.b, untimed), expected, "b equals the oracle");
    assert.deepEqual(await points(set.a), await points(set.b));
  }

  for (const request of CASES) {
    test(request.name, async () => {
      if (request.seed !== undefined) {
        for (const target of [url, set.oracle.url]) await write(target, db, request.seed);
      }
      const path = (request.path ?? "/write?db=DB").replace("DB", db);
      const { method = "POST", body, headers } = request;
      const sent = {
        method,
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      };
      const [ours, right] = [await ask(url, path, sent), await ask(set.oracle.url, path, sent)];
      assert.deepEqual(comparable(ours, request), comparable(right, request));
      await sameAsOracle(request.untimed);
    });
  }

  test("an unknown retention policy does not hold up the writes behind it", async () => {
    const bad = await Promise.all(Array.from({ length: 5 }, () => write(url, db, GOOD, { rp: "nosuch" })));
    for (const { status, body } of bad) {
      assert.deepEqual([status, body], [500, '{"error":"retention policy not found: nosuch"}\n']);
    }
    const started = performance.now();
    assert.equal((await write(url, db, GOOD)).status, 204);
    assert.ok(performance.now() - started < AT_ONCE_MS);
    await write(set.oracle.url, db, GOOD);
    await sameAsOracle();
    assert.deepEqual((await backendStatus(set.relay, "b")).backlog, { records: 0, bytes: 0 });
  });

  test("a retention policy that only one replica has: kept for the other, which gets everything else", async () => {
    await set.a.query(`CREATE RETENTION POLICY p ON ${db} DURATION INF REPLICATION 1`);
    for (const i of [1, 2, 3])
      assert.equal((await write(url, db, `kept v=${i} ${i}`, { rp: "p" })).status, 204);
    assert.equal((await write(url, db, GOOD)).status, 204);
    await eventually(() => set.b.points(db), [GOOD], "the default policy goes on");
    const { held } = await backendStatus(set.relay, "b");
    assert.deepEqual(held, [{ db, rp: "p", records: 3 }]);
    await set.relay.waitForLog((line) => line.event === "destination-held" && line["db"] === db);
    await set.b.query(`CREATE RETENTION POLICY p ON ${db} DURATION INF REPLICATION 1`);
    const expected = ["kept v=1 1", "kept v=2 2", "kept v=3 3"];
    await eventually(() => set.b.points(db, { rp: "p" }), expected, "what was kept arrives");
    assert.deepEqual(await set.a.points(db, { rp: "p" }), expected);
    await eventually(async () => (await backendStatus(set.relay, "b")).held, [], "nothing is held any more");
  });

  describe("UDP", () => {
    async function send(text: string): Promise<void> {
      const socket = createSocket("udp4");
      await new Promise<void>((resolve, reject) =>
        socket.send(text, set.relay.port("udp"), "127.0.0.1", (error) => (error ? reject(error) : resolve())),
      );
      socket.close();
    }
    async function arrive(measurement: string, expected: readonly string[]): Promise<void> {
      for (const server of [set.a, set.b]) {
        const stored = () => server.points("udp", { measurements: [measurement] });
        await eventually(stored, [...expected], "the lines of the datagram");
      }
    }

    test("two lines in a datagram arrive on both replicas", async () => {
      await send("two v=1 1\ntwo v=2 2");
      await arrive("two", ["two v=1 1", "two v=2 2"]);
    });

    test("the good lines of a datagram arrive although one is bad", async () => {
      await send("some v=1 1\nsome,bad\nsome v=3 3\n");
      await arrive("some", ["some v=1 1", "some v=3 3"]);
    });

    test("a line without a time has the same one on both", async () => {
      await send("untimed v=1");
      const stored = (server: RealInfluxdb) => server.points("udp", { measurements: ["untimed"] });
      await eventually(async () => (await stored(set.b)).length, 1, "the line");
      assert.deepEqual(await stored(set.a), await stored(set.b));
    });
  });

  describe("with replicas that fail", () => {
    test("one down: 204 at once, and it has the points when it is back", async () => {
      await set.b.kill();
      const started = performance.now();
      for (const i of [1, 2, 3]) assert.equal((await write(url, db, `m v=${i} ${i}`)).status, 204);
      assert.ok(performance.now() - started < AT_ONCE_MS);
      await set.b.start();
      await eventually(
        () => set.b.points(db),
        ["m v=1 1", "m v=2 2", "m v=3 3"],
        "the points that it missed",
      );
      assert.deepEqual(await set.a.points(db), await set.b.points(db));
    });

    test("one down: bad lines get InfluxDB's answer, and the good ones beside them reach both", async () => {
      await set.b.kill();
      const bad = await write(url, db, "m this is not a line");
      const right = await write(set.oracle.url, db, "m this is not a line");
      assert.deepEqual([bad.status, bad.body], [right.status, right.body]);
      const partial = await write(url, db, GOOD_BAD_GOOD);
      assert.equal(partial.body, (await write(set.oracle.url, db, GOOD_BAD_GOOD)).body);
      await set.b.start();
      await sameAsOracle();
    });

    test("one hung: 204 at once, and it has the points when it goes on", async () => {
      set.b.pause();
      const expected: string[] = [];
      try {
        for (let i = 0; i < 10; i++) {
          const started = performance.now();
          assert.equal((await write(url, db, `m v=${i} ${i}`)).status, 204);
          assert.ok(performance.now() - started < AT_ONCE_MS);
          expected.push(`m v=${i} ${i}`);
        }
      } finally {
        set.b.resume();
      }
      await eventually(() => set.b.points(db), expected, "the points that it missed");
    });

    test("both down: 503 at once, nothing kept, and the next write after they are back is stored", async () => {
      await Promise.all([set.a.kill(), set.b.kill()]);
      for (let i = 0; i < 3; i++) {
        const started = performance.now();
        const { status, headers, body } = await write(url, db, `lost v=${i} ${i}`);
        assert.ok(performance.now() - started < AT_ONCE_MS);
        assert.equal(status, 503);
        assert.match(headers.get("retry-after") ?? "", /^\d+$/);
        assert.match(headers.get("x-influxdb-error") ?? "", /^unable to write points/);
        assert.match(body, /^\{"error":"unable to write points.*"\}\n$/);
        assert.deepEqual((await backendStatus(set.relay, "a")).backlog, { records: 0, bytes: 0 });
      }
      await Promise.all([set.a.start(), set.b.start()]);
      assert.equal((await write(url, db, GOOD)).status, 204);
      await write(set.oracle.url, db, GOOD);
      await sameAsOracle();
    });

    test("one that returns without its database gets everything once that exists", async () => {
      assert.equal((await write(url, db, "m v=1 1")).status, 204);
      await eventually(() => set.b.points(db), ["m v=1 1"], "the first point");
      await set.b.query(`DROP DATABASE ${db}`);
      await set.b.kill();
      for (const i of [2, 3]) assert.equal((await write(url, db, `m v=${i} ${i}`)).status, 204);
      await set.b.start();
      const held = async () => (await backendStatus(set.relay, "b")).held;
      await eventually(held, [{ db, rp: "", records: 2 }], "the backlog is held");
      assert.equal((await write(url, db, "m v=4 4")).status, 204);
      assert.equal((await write(url, "udp", "other v=1 1")).status, 204);
      const other = () => set.b.points("udp", { measurements: ["other"] });
      await eventually(other, ["other v=1 1"], "another database goes on");
      await set.b.query(`CREATE DATABASE ${db}`);
      await eventually(() => set.b.points(db), ["m v=2 2", "m v=3 3", "m v=4 4"], "the backlog");
      await eventually(held, [], "nothing is held any more");
    });

    test("one that hangs beyond the time limit gets what came meanwhile, in order", async () => {
      const config = mainListener([set.a, set.b], 'timeout = "1s"');
      const impatient = await startRelay({ config });
      try {
        const ours = impatient.url("main");
        assert.equal((await write(ours, db, "first v=1 1")).status, 204);
        set.b.pause();
        for (let i = 0; i < 5; i++) assert.equal((await write(ours, db, `m v=${i} 1`)).status, 204);
        await impatient.waitForLog(({ event }) => event === "backend-down");
        for (let i = 5; i < 10; i++) {
          assert.equal((await write(ours, db, `m v=${i} 1\nn v=${i} ${i}`)).status, 204);
        }
        set.b.resume();
        // A request of unknown outcome is sent again after 10 s, when the server cannot be working on it any more.
        await eventually(() => set.b.points(db), await set.a.points(db), "the same points", 30_000);
        assert.deepEqual(await set.b.points(db, { measurements: ["m"] }), ["m v=9 1"]);
      } finally {
        set.b.resume();
        await impatient.kill();
      }
    });
  });
});
