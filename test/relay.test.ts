import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "hono";
import { parseConfig } from "../src/config/parse.ts";
import { TransportError } from "../src/errors.ts";
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
  const platform = platformWithout(down);
  const config = configOf({ main: ["a", "b"] });
  const relay = await Relay.open(config, platform);
  await writerOf(relay, "main").post(write, signal);
  await platform.clock.advance(0);
  const [http] = config.http;
  assert.ok(http);
  const outputs = http.outputs.map((output, i) => (i === 1 ? output : { ...output, ca: "/no/such/file" }));
  await assert.rejects(relay.reload({ ...config, http: [{ ...http, outputs }] }), { code: "NO_FILES" });
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
