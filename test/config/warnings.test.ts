import assert from "node:assert/strict";
import test from "node:test";
import { configFromObject } from "../../src/config/parse.ts";
import { warnings } from "../../src/config/warnings.ts";
import { source } from "./support.ts";

const A = { name: "a", location: "http://a:8086" };
const B = { name: "b", location: "http://b:8086" };
const MEMORY_ONLY =
  "no [spool]: what a server that is down or slow lacks is kept in memory only, and lost when the relay stops; " +
  "add [spool] with a dir to keep it on disk";

const INTERVAL =
  '[spool] fsync = "interval": a power cut can lose about the last 100ms of what was kept for servers that were ' +
  "down or slow; the servers that stored those writes have them still";
const SPOOL = { dir: "d" };
/** Gives every guarantee that a spool can give, but for client's credentials. */
const SAFE = { ...SPOOL, fsync: "always" };

function warningsOf(listener: object, udp: readonly object[] = [], tables: object = {}): string[] {
  const http = [{ name: "main", "bind-addr": "127.0.0.1:9096", output: [A, B], ...listener }];
  return warnings(configFromObject({ http, udp, ...tables }, source()));
}

function withSpool(spool: object, listener: object): string[] {
  return warningsOf(listener, [], { spool });
}

test("two replicas behind a loopback address lack only a spool on disk", () => {
  assert.deepEqual(warningsOf({}), [MEMORY_ONLY]);
});

test("two replicas with a spool lack what a power cut can take", () => {
  const auth = [{ token: "t" }];
  assert.deepEqual(withSpool(SPOOL, { auth }), [INTERVAL]);
  assert.deepEqual(withSpool({ ...SPOOL, "fsync-interval": "2s" }, { auth }), [
    INTERVAL.replace("100ms", "2s"),
  ]);
  assert.deepEqual(withSpool({ ...SPOOL, fsync: "never" }, { auth }), [
    '[spool] fsync = "never": a power cut can lose what the system has not written to disk by then of what was kept ' +
      "for servers that were down or slow; the servers that stored those writes have them still",
  ]);
  assert.deepEqual(withSpool(SAFE, { auth }), []);
});

test("writes with a client's credentials stay in memory, unless they may be stored or nothing sends them on", () => {
  const inMemory = (names: string) =>
    `http "main": writes with a client's credentials are kept in memory only (buffer-size-mb) for ${names}, and lost ` +
    "when the relay stops; set store-credentials, or give each output credentials of its own";
  const own = (output: object) => ({ ...output, token: "t" });
  assert.deepEqual(withSpool(SAFE, {}), [inMemory('"a" and "b"')]);
  assert.deepEqual(withSpool(SAFE, { output: [own(A), B] }), [inMemory('"b"')]);
  assert.deepEqual(withSpool(SAFE, { output: [own(A), own(B)] }), []);
  assert.deepEqual(withSpool(SAFE, { auth: [{ token: "t" }] }), []);
  const key = `${"A".repeat(43)}=`;
  assert.deepEqual(withSpool({ ...SAFE, "store-credentials": true, "credentials-key": key }, {}), []);
});

test("a buffer beside a spool says what it is for", () => {
  const bounds =
    'http "main", output "b": buffer-size-mb bounds only what may not go to disk; max-size-mb of [spool] bounds the rest';
  const b = (size: number, more: object = {}) => ({
    auth: [{ token: "t" }],
    output: [A, { ...B, "buffer-size-mb": size }],
    ...more,
  });
  assert.deepEqual(withSpool(SAFE, b(64)), []);
  assert.deepEqual(withSpool(SAFE, b(100)), [bounds]);
  assert.deepEqual(withSpool(SAFE, b(0)), [bounds]);
  const [first, ...others] = withSpool(SAFE, b(0, { auth: "none" }));
  assert.equal(
    first,
    'http "main", output "b": buffer-size-mb is 0: writes with a client\'s credentials that it misses are not kept, ' +
      "because without store-credentials they do not go to disk",
  );
  assert.deepEqual(others.length, 1);
  assert.match(others[0]!, /kept in memory only \(buffer-size-mb\) for "a", /);
});

test("a spool that refuses is named", () => {
  assert.deepEqual(withSpool({ ...SAFE, "when-full": "refuse" }, { auth: [{ token: "t" }] }), [
    '[spool] when-full = "refuse": once a server has been down for so long that its spool is full, writes are refused ' +
      "although others could store them",
  ]);
});

test("consistency any is worth what the spool is worth", () => {
  const any = { consistency: "any", auth: [{ token: "t" }] };
  const honoured = { "honour-consistency": true, auth: [{ token: "t" }] };
  assert.deepEqual(warningsOf(any), [
    'http "main": consistency = "any" without [spool] is the same as "one"',
    MEMORY_ONLY,
  ]);
  assert.deepEqual(warningsOf(honoured), [MEMORY_ONLY]);
  const lost =
    'http "main": fsync = "interval": a power cut can lose a write that was acknowledged with consistency "any" before ' +
    "a server stored it";
  assert.deepEqual(withSpool(SPOOL, any), [lost, INTERVAL]);
  assert.deepEqual(withSpool(SPOOL, honoured), [lost, INTERVAL]);
  assert.deepEqual(withSpool(SAFE, any), []);
});

test("an admin listener that somebody else may use is named", () => {
  const of = (admin: object) => warningsOf({}, [], { admin });
  assert.deepEqual(of({ "bind-addr": "127.0.0.1:9097", token: "t" }), [MEMORY_ONLY]);
  assert.deepEqual(of({ "bind-addr": "127.0.0.1:9097" }), [
    MEMORY_ONLY,
    "[admin] no token: every program on this machine may command the relay",
  ]);
  assert.deepEqual(of({ "bind-addr": ":9097", token: "t" }), [
    MEMORY_ONLY,
    "[admin] listens on :9097 without TLS: the token can be read on its way",
  ]);
  const peers = ["http://relay-2:9097", "https://relay-3", "http://127.0.0.1:9098"];
  assert.deepEqual(of({ "bind-addr": "127.0.0.1:9097", token: "t", peers }), [
    MEMORY_ONLY,
    "[admin] peer http://relay-2:9097 is asked without TLS: the token can be read on its way",
    "[admin] listens on 127.0.0.1:9097, where relays on other machines cannot ask it: it asks its peers, and they not it",
  ]);
});

test("what is not done by itself is named, where there are replicas", () => {
  const recovery = { mode: "manual", "check-every": "0s" };
  assert.deepEqual(warningsOf({}, [], { recovery }), [
    MEMORY_ONLY,
    '[recovery] mode = "manual": a server that lost writes gets no queries until somebody runs influxdb-relay recover',
    '[recovery] check-every = "0s": a difference of which nothing is known is not found',
  ]);
  const alone = warningsOf({ output: [A] }, [], { recovery });
  assert.ok(!alone.some((warning) => warning.startsWith("[recovery]")), alone.join());
});

test("one output is no replica", () => {
  assert.deepEqual(warningsOf({ output: [A] }), [
    'http "main": one output only: no replica holds the data',
    MEMORY_ONLY,
  ]);
});

test("two outputs that are one server are no replicas", () => {
  assert.deepEqual(warningsOf({ output: [A, { name: "c", location: "http://A:8086/" }] }), [
    'http "main": outputs "a" and "c" are the same server: they are no replicas of each other',
    MEMORY_ONLY,
  ]);
});

test("an output that keeps nothing is named", () => {
  const off = { "buffer-size-mb": 0 };
  const warning = (name: string) =>
    `http "main", output "${name}": buffer-size-mb is 0: what it misses while it is down is not kept`;
  assert.deepEqual(warningsOf({ output: [A, { ...B, ...off }] }), [warning("b"), MEMORY_ONLY]);
  assert.deepEqual(
    warningsOf({
      output: [
        { ...A, ...off },
        { ...B, ...off },
      ],
    }),
    [warning("a"), warning("b")],
  );
});

test("a server whose certificate is not checked is named", () => {
  const output = [
    { ...A, "skip-tls-verification": true },
    { ...B, location: "https://b", "skip-tls-verification": true },
  ];
  assert.deepEqual(warningsOf({ output }), [
    'http "main", output "b": skip-tls-verification: whoever answers in its place is believed',
    MEMORY_ONLY,
  ]);
});

test("a listener for everybody is named, unless it has auth or TLS", () => {
  const open = { "bind-addr": ":9096" };
  assert.deepEqual(warningsOf(open), [
    'http "main": listens on :9096 without auth and without TLS',
    MEMORY_ONLY,
  ]);
  assert.deepEqual(warningsOf({ ...open, auth: [{ token: "t" }] }), [MEMORY_ONLY]);
  assert.deepEqual(warningsOf({ ...open, "ssl-combined-pem": "x.pem" }), [MEMORY_ONLY]);
});

test("a udp listener for everybody before outputs with credentials is named", () => {
  const output = [{ ...A, token: "t" }, B];
  const udp = (address: string) => [{ name: "in", "bind-addr": address, to: "main", database: "d" }];
  assert.deepEqual(warningsOf({ output }, udp("0.0.0.0:9096")), [
    'udp "in": whoever reaches 0.0.0.0:9096 writes with the outputs\' own credentials',
    MEMORY_ONLY,
  ]);
  assert.deepEqual(warningsOf({ output }, udp("127.0.0.1:9096")), [MEMORY_ONLY]);
  assert.deepEqual(warningsOf({}, udp("0.0.0.0:9096")), [MEMORY_ONLY]);
});

test("a listener of which no output is asked answers no query", () => {
  const output = [A, B].map((one) => ({ ...one, weight: 0 }));
  assert.deepEqual(warningsOf({ output }), [
    'http "main": every output has weight = 0: no query is answered',
    MEMORY_ONLY,
  ]);
  assert.deepEqual(warningsOf({ output: [{ ...A, weight: 0 }, B] }), [MEMORY_ONLY]);
});
