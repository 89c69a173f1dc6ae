import assert from "node:assert/strict";
import { test } from "node:test";
import { joinReplies } from "../../src/shard/joined-reply.ts";
import { errorReply, STORED } from "../../src/write/reply.ts";
import type { Reply } from "../../src/writer.ts";

const decoder = new TextDecoder();

const answer = (status: number, kind: Reply["kind"], error: string): Reply => ({
  ...errorReply(status, error),
  kind,
  retryAfter: undefined,
});
const rejected = (error: string, status = 400) => answer(status, "rejected", error);
const BUSY: Reply = { ...answer(503, "overloaded", "nobody there"), retryAfter: "7" };
const TIMEOUT = answer(500, "unreachable", "timeout");
const SLOW_DOWN = answer(429, "overloaded", "too many requests");
const NO_DB = answer(404, "not-ready", 'database not found: "d"');
const NO_RP = answer(500, "not-ready", "retention policy not found: x");
const CONFLICT = rejected('partial write: field type conflict: input field "v" dropped=2');
const EXPIRED = rejected("partial write: points beyond retention policy dropped=3");
const UNPARSABLE = rejected("unable to parse 'x': missing fields");
const SOME_UNPARSABLE = rejected("partial write: unable to parse 'y': missing fields dropped=0");

/** The joined reply of shards s1, s2 and so on. */
function join(...replies: readonly Reply[]): Reply {
  return joinReplies(replies.map((reply, i) => ({ shard: `s${i + 1}`, reply })));
}

function told(...replies: readonly Reply[]) {
  const { status, kind, body, influxError } = join(...replies);
  const text = decoder.decode(body);
  const { error } = JSON.parse(text) as { error: string };
  assert.equal(influxError, error);
  assert.ok(text.endsWith("}\n"));
  return [status, kind, error];
}

test("a write that all shards stored is stored", () => {
  assert.deepEqual(join(STORED, STORED, STORED), STORED);
  assert.deepEqual(join(STORED, { ...STORED, status: 200 }), STORED);
});

test("what can be tried again comes before what cannot", () => {
  const order = [BUSY, TIMEOUT, SLOW_DOWN, NO_DB, UNPARSABLE, STORED];
  for (const [i, first] of order.entries()) {
    for (const later of order.slice(i + 1)) {
      for (const { status } of [join(first, later), join(later, first)]) assert.equal(status, first.status);
    }
  }
  assert.equal(join(UNPARSABLE, NO_RP).status, 500);
  assert.equal(join(NO_RP, BUSY).status, 503);
});

test("an answer that is not about the points names its shard, and keeps its headers", () => {
  assert.deepEqual(told(STORED, BUSY), [503, "overloaded", "shard s2: nobody there"]);
  assert.equal(join(STORED, BUSY).retryAfter, "7");
  assert.deepEqual(told(NO_DB, CONFLICT), [404, "not-ready", 'shard s1: database not found: "d"']);
  const denied = { ...answer(401, "not-ready", "authorization failed"), authenticate: "Basic" };
  assert.equal(join(STORED, denied).authenticate, "Basic");
});

test("of two shards with the same trouble the first is told", () => {
  assert.deepEqual(told(TIMEOUT, TIMEOUT), [500, "unreachable", "shard s1: timeout"]);
});

test("an answer that is no JSON is told in InfluxDB's form", () => {
  const body = new TextEncoder().encode("request throttled, queue full\n");
  const plain: Reply = { ...BUSY, body, contentType: "text/plain", influxError: undefined };
  assert.deepEqual(told(STORED, plain), [503, "overloaded", "shard s2: request throttled, queue full"]);
  assert.equal(join(STORED, plain).contentType, "application/json");
  for (const empty of ["", "null", "[]"]) {
    const silent = { ...plain, body: new TextEncoder().encode(empty), influxError: undefined };
    assert.equal(join(STORED, silent).status, 503);
  }
});

test("an error that the header cuts comes whole from the body", () => {
  const cut = { ...CONFLICT, influxError: "partial write: field ty" };
  assert.deepEqual(told(cut, STORED).at(-1), told(CONFLICT, STORED).at(-1));
});

const REJECTED: readonly (readonly [name: string, replies: readonly Reply[], error: string])[] = [
  [
    "what was stored in part elsewhere is told as it is",
    [CONFLICT, STORED],
    'partial write: field type conflict: input field "v" dropped=2',
  ],
  [
    "dropped points are added up, reasons are lines",
    [CONFLICT, EXPIRED],
    'partial write: field type conflict: input field "v"\npoints beyond retention policy dropped=5',
  ],
  [
    "one reason of two shards is told once",
    [EXPIRED, STORED, EXPIRED],
    "partial write: points beyond retention policy dropped=6",
  ],
  [
    "a part of which nothing was stored is a part of a write of which something was",
    [STORED, UNPARSABLE],
    "partial write: unable to parse 'x': missing fields dropped=0",
  ],
  [
    "the same beside a part that was stored in part",
    [SOME_UNPARSABLE, UNPARSABLE],
    "partial write: unable to parse 'y': missing fields\nunable to parse 'x': missing fields dropped=0",
  ],
  [
    "a write of which no part was stored is not partial",
    [UNPARSABLE, rejected("unable to parse 'z': missing fields")],
    "unable to parse 'x': missing fields\nunable to parse 'z': missing fields",
  ],
  [
    "reasons of several lines stay in their order",
    [rejected("partial write: unable to parse 'a': b\nunable to parse 'c': d dropped=0"), EXPIRED],
    "partial write: unable to parse 'a': b\nunable to parse 'c': d\npoints beyond retention policy dropped=3",
  ],
];

for (const [name, replies, error] of REJECTED) {
  test(`rejected: ${name}`, () => assert.deepEqual(told(...replies), [400, "rejected", error]));
}

test("every reason is told where shards reject with different statuses", () => {
  const tooLarge = rejected("Request Entity Too Large", 413);
  assert.deepEqual(told(tooLarge, UNPARSABLE), [
    ...[413, "rejected", "Request Entity Too Large\nunable to parse 'x': missing fields"],
  ]);
});
