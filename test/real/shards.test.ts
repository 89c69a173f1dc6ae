import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { ShardingConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { ShardMap } from "../../src/shard/map.ts";
import type { ShardingStatus } from "../../src/shard/sharding.ts";
import { type Point, parsePoints } from "../../src/write/points.ts";
import { keyValues } from "../shard/maps.ts";
import { canonicalLine } from "../support/canonical-points.ts";
import { identifier, type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { ask, eventually, write } from "./replica-set.ts";

const SEED = 20_261_122;
const LINES = 400;
const encoder = new TextEncoder();

const LISTENERS: Readonly<Record<string, string>> = {
  tag: 'shard-by = "tag:shop, no = 1"',
  measurement: 'shard-by = "measurement"',
  both: 'shard-by = ["db", "measurement", "tag:t"]',
  pinned: 'shard-by = "tag:t"\npin = { "" = "s3", a = "s1" }\npin-prefix = { b = "s2", b1 = "s3" }',
};

function configText(servers: readonly { readonly url: string }[]): string {
  const shards = servers.map(
    ({ url }, i) =>
      `[[http.shard]]\nname = "s${i + 1}"\noutput = [{ name = "o${i + 1}", location = "${url}/write" }]\n`,
  );
  const listeners = Object.entries(LISTENERS).map(
    ([name, lines]) => `[[http]]\nname = "${name}"\nbind-addr = "127.0.0.1:0"\n${lines}\n${shards.join("")}`,
  );
  const udp =
    '[[udp]]\nname = "in"\nbind-addr = "127.0.0.1:0"\nto = "pinned"\ndatabase = "udp"\nbatch-timeout = "50ms"\n';
  return listeners.join("\n") + udp;
}

/** Text in which everything may stand that a name can hold. */
const nasty = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "1",
      ",",
      " ",
      "=",
      '"',
      "\\x",
      "é",
      "世",
      "😀",
      "#",
      "'",
      "\t",
      ".",
      "-",
      "\\",
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join(""));
/** InfluxDB cannot store a name that ends in a backslash, nor read a measurement with one before a comma or a space. */
const tagValue = nasty.filter((text) => !text.endsWith("\\"));
const measurement = tagValue.filter((text) => !/^[#\t]|\\[, ="]/.test(text));
const escaped = (text: string) => text.replace(/[,= ]/g, "\\$&");
const tag = (name: string) =>
  fc.option(tagValue, { nil: "" }).map((value) => (value === "" ? "" : `,${name}=${escaped(value)}`));
/** Few measurements, because each costs the test two queries. */
const measurements = fc.sample(measurement, { numRuns: 40, seed: SEED });
const key = fc
  .tuple(fc.constantFrom(...measurements), tag("t"), tag("shop\\,\\ no\\ \\=\\ 1"), tag("other"))
  .map(([name, ...tags]) => name.replace(/[, ]/g, "\\$&") + tags.join(""));
const keys = fc.array(key, { minLength: LINES, maxLength: LINES });

/** One line for each key, each at a time of its own, with comments and blank lines between. */
function batch(lines: readonly string[]): string {
  return lines
    .map((line, i) => `${i % 50 === 0 ? "# note\n\n" : ""}${line} v=${i}i ${1_000_000 + i}`)
    .join("\n");
}

const canonical = ({ measurement, tags, fields, timeNs }: Point): string => {
  const values = [...fields].map(([name, { type, value }]) => ({ name, type, text: String(value) }));
  return canonicalLine(measurement, tags, values, timeNs);
};

const pointsOf = (text: string): Point[] => {
  const { points, errors } = parsePoints(encoder.encode(text), "n", 0n);
  assert.deepEqual(errors, []);
  return points;
};

describe("shards of real InfluxDBs", { skip: requireReal("influxd") }, () => {
  let servers: RealInfluxdb[] = [];
  let relay: RelayProcess;
  let shardings: Map<string, ShardingConfig>;

  before(async () => {
    servers = await Promise.all([1, 2, 3].map(() => startRealInfluxdb()));
    const config = configText(servers);
    const { http } = parseConfig(config, { name: "", env: () => undefined, readFile: () => "" });
    shardings = new Map(http.map(({ name, sharding }) => [name, sharding as ShardingConfig]));
    relay = await startRelay({ config });
  });
  after(async () => {
    await relay?.kill();
    await Promise.all(servers.map((server) => server.close()));
  });

  const create = (db: string) =>
    Promise.all(servers.map((server) => server.query(`CREATE DATABASE ${identifier(db)}`)));
  const stored = (db: string) => Promise.all(servers.map((server) => server.points(db)));

  for (const listener of Object.keys(LISTENERS)) {
    test(`every point is on the server of its key and nowhere else: ${listener}`, async () => {
      const db = `random_${listener}`;
      await create(db);
      const body = batch(fc.sample(keys, { numRuns: 1, seed: SEED })[0] as string[]);
      assert.equal((await write(relay.url(listener), db, body)).status, 204);
      const found = await stored(db);
      assert.deepEqual(found.flat().sort(), pointsOf(body).map(canonical).sort());
      const map = new ShardMap(shardings.get(listener) as ShardingConfig);
      for (const [server, lines] of found.entries()) {
        assert.ok(lines.length > LINES / 20, `server ${server} has ${lines.length} points`);
        for (const { measurement, tags } of pointsOf(lines.join("\n"))) {
          const data = { db, measurement, tags: Object.fromEntries(tags), count: 1 };
          assert.equal(map.owner(keyValues(map.by, data)), server, measurement);
        }
      }
    });
  }

  test("what servers reject is joined as of one InfluxDB, and the rest is stored", async () => {
    const db = "errors";
    await create(db);
    const url = relay.url("pinned");
    assert.equal((await write(url, db, "m,t=a v=1 1\nm,t=b v=1 1\nm v=1 1")).status, 204);
    const bad = 'm,t=a v="x" 2\nm,t=b v="x" 2\nm v=2 2\nbroken\n';
    const { status, body } = await write(url, db, bad);
    const conflict =
      'field type conflict: input field "v" on measurement "m" is type string, already exists as type float';
    const reasons = `${conflict}\nunable to parse 'broken': missing fields`;
    assert.deepEqual([status, JSON.parse(body)], [400, { error: `partial write: ${reasons} dropped=2` }]);
    assert.deepEqual(await stored(db), [["m,t=a v=1 1"], ["m,t=b v=1 1"], ["m v=1 1", "m v=2 2"]]);
  });

  test("a body of one shard gets InfluxDB's answer as it is, a divided one the name of the shard", async () => {
    const url = relay.url("pinned");
    const missing = 'database not found: "nodb"';
    const one = await write(url, "nodb", "m,t=a v=1 1");
    assert.deepEqual([one.status, JSON.parse(one.body)], [404, { error: missing }]);
    const both = await write(url, "nodb", "m,t=a v=1 1\nm,t=b v=1 1");
    assert.deepEqual([both.status, JSON.parse(both.body)], [404, { error: `shard s1: ${missing}` }]);
  });

  test("the 2.x endpoint and lines without a time are divided too", async () => {
    await create("v2");
    const path = "/api/v2/write?bucket=v2/autogen&precision=s";
    const body = "m,t=a v=1\nm,t=b1 v=1\nm,t=b v=1";
    assert.equal((await ask(relay.url("pinned"), path, { method: "POST", body })).status, 204);
    const found = await stored("v2");
    assert.deepEqual(
      found.map((lines) => lines.map((line) => line.split(" ")[0])),
      [["m,t=a"], ["m,t=b"], ["m,t=b1"]],
    );
    assert.equal(new Set(found.flat().map((line) => line.split(" ")[2])).size, 1);
  });

  test("datagrams are divided too", async () => {
    await create("udp");
    const socket = createSocket("udp4");
    socket.send("m,t=a v=1 1\nm,t=b v=1 1\nm v=1 1", relay.port("in"), "127.0.0.1", () => socket.close());
    await eventually(() => stored("udp"), [["m,t=a v=1 1"], ["m,t=b v=1 1"], ["m v=1 1"]], "the points");
  });

  test("a shard that is down costs only its own points, and gets them when the client tries again", async () => {
    const db = "down";
    await create(db);
    const url = relay.url("pinned");
    const body = "m,t=a v=1 1\nm,t=b v=1 1\nm v=1 1";
    await servers[1]?.stop();
    const { status, body: text } = await write(url, db, body);
    assert.equal(status, 503);
    assert.match(text, /"error":"shard s2: unable to write points: /);
    assert.equal((await write(url, db, "m,t=a v=2 2")).status, 204);
    await servers[1]?.start();
    await eventually(async () => (await write(url, db, body)).status, 204, "the shard to be back");
    assert.deepEqual(await stored(db), [["m,t=a v=1 1", "m,t=a v=2 2"], ["m,t=b v=1 1"], ["m v=1 1"]]);
  });

  test("the status shows shards, their outputs and the map", async () => {
    const answer = await ask(relay.url("tag"), "/status");
    const { listeners } = JSON.parse(answer.body) as {
      listeners: { name: string; sharding: ShardingStatus }[];
    };
    for (const { name, sharding } of listeners) {
      const map = new ShardMap(shardings.get(name) as ShardingConfig);
      assert.deepEqual(sharding.map, { version: 1, algorithm: "hrw1", hash: map.hash });
      assert.deepEqual(
        sharding.shards.map((shard) => [shard.name, shard.weight, shard.replicas, shard.lines > 0]),
        [1, 2, 3].map((i) => [`s${i}`, 1, [`o${i}`], true]),
      );
    }
    assert.equal(new Set(listeners.map(({ sharding }) => sharding.map.hash)).size, listeners.length);
  });
});
