import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "hono";
import type { OutputConfig } from "../src/config/config.ts";
import { parseConfig } from "../src/config/parse.ts";
import { RelayError, TransportError } from "../src/errors.ts";
import type { HttpClientOptions } from "../src/platform.ts";
import { Relay } from "../src/relay.ts";
import type { Write, Writer } from "../src/writer.ts";
import { source } from "./config/support.ts";
import { createTestPlatform, httpAnswer } from "./support/test-platform.ts";

const signal = new AbortController().signal;
const write: Write = {
  destination: { db: "d", rp: "", precision: "", credentials: undefined },
  body: new TextEncoder().encode("m v=1 1"),
  hasLines: true,
  closed: true,
  source: "",
  keep: "acknowledged",
  consistency: "one",
};

/** Listeners by name, each with the names of its outputs. */
function configOf(listeners: Readonly<Record<string, readonly string[]>>) {
  const text = Object.entries(listeners).map(([name, outputs], i) => {
    const list = outputs.map((output) => `{ name = "${output}", location = "http://${output}:8086/write" }`);
    return `[[http]]\nname = "${name}"\nbind-addr = "127.0.0.1:${9096 + i}"\noutput = [${list.join(", ")}]\n`;
  });
  return parseConfig(text.join("\n"), source());
}

/** Where a listener's writes go, whatever the request. */
function writerOf(relay: Relay, listener: string): Writer {
  return relay.listener(listener).writer({} as Context);
}

/** A platform whose servers answer 204, unless `down` has their names. */
function platformWithout(down: ReadonlySet<string>) {
  return createTestPlatform({
    http: ({ origin }) => {
      if (down.has(new URL(origin).hostname)) throw new TransportError("refused", false, "refused");
      return httpAnswer(204);
    },
  });
}

test("a config that cannot be applied leaves every backend with its backlog where it was", async () => {
  const down = new Set(["b"]);
  const sound = platformWithout(down);
  const openHttp = sound.openHttp.bind(sound);
  const platform = Object.assign(sound, {
    openHttp: (options: HttpClientOptions) => {
      if (options.origin.startsWith("http://wrong")) throw new RelayError("WRONG", "it cannot be opened");
      return openHttp(options);
    },
  });
  const config = configOf({ main: ["a", "b"] });
  const relay = await Relay.open(config, platform);
  await writerOf(relay, "main").post(write, signal);
  await platform.clock.advance(0);
  const [http] = config.http;
  assert.ok(http);
  const wrong: readonly [Partial<OutputConfig>, string][] = [
    [{ ca: "/no/such/file" }, "CONFIG"],
    [{ origin: "http://wrong:8086" }, "WRONG"],
  ];
  for (const [changed, code] of wrong) {
    const outputs = http.outputs.map((output, i) => (i === 1 ? output : { ...output, ...changed }));
    await assert.rejects(relay.reload({ ...config, http: [{ ...http, outputs }] }), { code });
  }
  await relay.reload(config);
  assert.deepEqual(
    relay.status().backends.map(({ name, backlog }) => [name, backlog.records]),
    [
      ["a", 0],
      ["b", 1],
    ],
  );
  assert.deepEqual(relay.status().removed, []);
});

test("what a client is sending to a listener that leaves the config goes to the backends that stay", async () => {
  const platform = platformWithout(new Set());
  const relay = await Relay.open(configOf({ main: ["a"], leaving: ["a", "b"], gone: ["c"] }), platform);
  const leaving = writerOf(relay, "leaving");
  const gone = writerOf(relay, "gone");
  await relay.reload(configOf({ main: ["a"] }));
  assert.equal((await leaving.post(write, signal)).status, 204);
  assert.equal((await gone.post({ ...write, consistency: "all" }, signal)).status, 503);
  assert.deepEqual(
    platform.sent.filter(({ method }) => method === "POST").map(({ origin }) => origin),
    ["http://a:8086"],
  );
});

test("a backend that left the config is closed once it has what it lacked", async () => {
  const down = new Set(["b"]);
  const platform = platformWithout(down);
  const relay = await Relay.open(configOf({ main: ["a", "b"] }), platform);
  await writerOf(relay, "main").post(write, signal);
  await platform.clock.advance(0);
  await relay.reload(configOf({ main: ["a"] }));
  assert.equal(relay.status().removed[0]?.backlog.records, 1);
  down.clear();
  await platform.clock.advance(60_000);
  assert.ok(platform.sent.some(({ origin, method }) => origin === "http://b:8086" && method === "POST"));
  assert.deepEqual(relay.status().removed, []);
  assert.deepEqual(await relay.stop(platform.clock.monotonic()), []);
});

const BODY = new TextEncoder().encode("m,t=a v=1 1\nm,t=b v=1 1\nm v=1 1\n");

/** A listener with a shard of one output for each name; pinned keys. */
function shardedConfig(shards: readonly string[], pins: Readonly<Record<string, string>>) {
  const entries = shards.map(
    (name) =>
      `[[http.shard]]\nname = "${name}"\noutput = [{ name = "${name}", location = "http://${name}:8086" }]\n`,
  );
  const pin = Object.entries(pins).map(([key, shard]) => `"${key}" = "${shard}"`);
  return parseConfig(
    `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:1"\nshard-by = "tag:t"\npin = { ${pin.join(", ")} }\n${entries.join("")}`,
    source(),
  );
}

/** What each server was sent, by its name. */
const textsOf = ({ sent }: ReturnType<typeof createTestPlatform>) =>
  sent
    .filter(({ method }) => method === "POST")
    .map(({ origin, text }) => [new URL(origin).hostname, text])
    .sort();

test("a reload that changes which shard gets what takes effect, and is told in the log", async () => {
  const platform = platformWithout(new Set());
  const before = shardedConfig(["s1", "s2"], { a: "s1", b: "s2", "": "s1" });
  const after = shardedConfig(["s1", "s2", "s3"], { a: "s1", b: "s3", "": "s1" });
  const relay = await Relay.open(before, platform);
  const sharding = () => relay.status().listeners[0]?.sharding;
  const first = sharding();
  assert.equal((await writerOf(relay, "main").post({ ...write, body: BODY }, signal)).status, 204);
  assert.deepEqual(textsOf(platform), [
    ["s1", "m,t=a v=1 1\nm v=1 1\n"],
    ["s2", "m,t=b v=1 1\n"],
  ]);
  platform.sent.length = 0;
  await relay.reload(before);
  assert.deepEqual(platform.logged, []);
  await relay.reload(after);
  const told = platform.logged.map(({ level, event, fields }) => [
    level,
    event,
    fields["before"],
    fields["after"],
  ]);
  assert.deepEqual(told, [["warn", "shard-map-changed", first?.map.hash, sharding()?.map.hash]]);
  await writerOf(relay, "main").post({ ...write, body: BODY }, signal);
  assert.deepEqual(textsOf(platform), [
    ["s1", "m,t=a v=1 1\nm v=1 1\n"],
    ["s3", "m,t=b v=1 1\n"],
  ]);
  assert.deepEqual(
    sharding()?.shards.map(({ name, lines, replicas }) => [name, lines, replicas]),
    [
      ["s1", 4, ["s1"]],
      ["s2", 1, ["s2"]],
      ["s3", 1, ["s3"]],
    ],
  );
});

test("a reload that only gives a shard another server does not change the map", async () => {
  const platform = platformWithout(new Set());
  const config = shardedConfig(["s1", "s2"], {});
  const relay = await Relay.open(config, platform);
  const [http] = config.http;
  const [s1, s2] = http?.sharding?.shards ?? [];
  assert.ok(http?.sharding && s1 && s2);
  const other = { ...s2.outputs[0]!, name: "other", origin: "http://other:8086" };
  const shards = [s1, { ...s2, outputs: [...s2.outputs, other] }];
  const outputs = [...http.outputs, other];
  await relay.reload({ ...config, http: [{ ...http, outputs, sharding: { ...http.sharding, shards } }] });
  assert.deepEqual(platform.logged, []);
  assert.deepEqual(
    relay.status().listeners[0]?.sharding?.shards.map(({ replicas }) => replicas),
    [["s1"], ["s2", "other"]],
  );
});

test("shards in place of outputs, and the other way round, are told as a changed map", async () => {
  const platform = platformWithout(new Set());
  const plain = configOf({ main: ["s1"] });
  const sharded = shardedConfig(["s1", "s2"], {});
  const relay = await Relay.open(plain, platform);
  await relay.reload(sharded);
  await relay.reload(plain);
  const hash = platform.logged[0]?.fields["after"];
  assert.match(String(hash), /^[0-9a-f]{16}$/);
  assert.deepEqual(
    platform.logged.map(({ event, fields }) => [event, fields["before"], fields["after"]]),
    [
      ["shard-map-changed", "no shards", hash],
      ["shard-map-changed", hash, "no shards"],
    ],
  );
  assert.equal(relay.status().listeners[0]?.sharding, undefined);
});

test("a client that is writing to a listener with shards that leaves the config gets 503 for those without servers", async () => {
  const platform = platformWithout(new Set());
  const sharded = shardedConfig(["s1", "s2"], { a: "s1", b: "s2", "": "s1" });
  const main = configOf({ other: ["s1"] });
  const relay = await Relay.open({ ...sharded, http: [...sharded.http, ...main.http] }, platform);
  const leaving = writerOf(relay, "main");
  await relay.reload(main);
  const { status, influxError } = await leaving.post({ ...write, body: BODY }, signal);
  assert.equal(status, 503);
  assert.match(String(influxError), /^shard s2: /);
  assert.deepEqual(textsOf(platform), [["s1", "m,t=a v=1 1\nm v=1 1\n"]]);
});

test("a listener with shards is ready for queries once each of them has a backend in sync, and their fields may differ", async () => {
  const down = new Set(["s2"]);
  const fields = (type: string) =>
    `{"results":[{"series":[{"name":"m","columns":["fieldKey","fieldType"],"values":[["f","${type}"]]}]}]}`;
  const platform = createTestPlatform({
    http: ({ origin, path }) => {
      const { hostname } = new URL(origin);
      if (down.has(hostname)) throw new TransportError("refused", false, "refused");
      if (path.includes("DATABASES")) return httpAnswer(200, fields("d").replace('"f"', '"db"'));
      return path.includes("FIELD") ? httpAnswer(200, fields(hostname)) : httpAnswer(204);
    },
  });
  const config = shardedConfig(["s1", "s2"], { a: "s1" });
  const relay = await Relay.open(config, platform);
  const starting = relay.start(config);
  await platform.clock.advance(500);
  await starting;
  const ready = () => relay.listener("main").ready();
  assert.deepEqual(await ready(), { writes: true, queries: false });
  assert.deepEqual(await relay.listener("main").outOfSync("s2"), ["down: no answer to ping"]);
  assert.deepEqual(await relay.listener("main").outOfSync("s1"), []);
  assert.equal(await relay.listener("main").outOfSync("s3"), undefined);
  down.clear();
  await platform.clock.advance(60_000);
  assert.deepEqual(await ready(), { writes: true, queries: true });
  const { fieldTypes } = relay.status();
  assert.ok(fieldTypes.checkedAtMs !== undefined);
  assert.deepEqual(fieldTypes.conflicts, []);
  await relay.stop(platform.clock.monotonic());
});
