import assert from "node:assert/strict";
import test from "node:test";
import { configFromObject } from "../../src/config/parse.ts";
import { warnings } from "../../src/config/warnings.ts";
import { source } from "./support.ts";

const A = { name: "a", location: "http://a:8086" };
const B = { name: "b", location: "http://b:8086" };
const MEMORY_ONLY = "what is kept for a server that is down is in memory only, and lost when the relay stops";

function warningsOf(listener: object, udp: readonly object[] = []): string[] {
  const http = [{ name: "main", "bind-addr": "127.0.0.1:9096", output: [A, B], ...listener }];
  return warnings(configFromObject({ http, udp }, source()));
}

test("two replicas behind a loopback address lack only a spool on disk", () => {
  assert.deepEqual(warningsOf({}), [MEMORY_ONLY]);
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
