import assert from "node:assert/strict";
import { test } from "node:test";
import { unanswered } from "../../src/backend/outcome.ts";
import type { Consistency, Reply } from "../../src/writer.ts";
import { DOWN, http, setUp, text } from "./scripted-replica.ts";

/** What each replica answers, in order of arrival, and what the client gets. */
const replies: readonly {
  name: string;
  answers: readonly [number, Reply][];
  consistency?: Consistency;
  status: number;
  body?: string;
  fates: readonly string[];
}[] = [
  {
    name: "both store",
    answers: [
      [0, http(204)],
      [1, http(204)],
    ],
    status: 204,
    fates: ["undecided", "kept"],
  },
  {
    name: "200 counts as stored",
    answers: [
      [1, http(200)],
      [0, DOWN],
    ],
    status: 204,
    fates: ["kept", "undecided"],
  },
  {
    name: "one stores, one is down",
    answers: [
      [0, http(204)],
      [1, DOWN],
    ],
    status: 204,
    fates: ["undecided", "kept"],
  },
  {
    name: "down first, then stored",
    answers: [
      [1, DOWN],
      [0, http(204)],
    ],
    status: 204,
    fates: ["undecided", "kept"],
  },
  {
    name: "rejected first",
    answers: [
      [1, http(400)],
      [0, http(204)],
    ],
    status: 400,
    fates: ["kept", "undecided"],
  },
  {
    name: "stored first, then rejected",
    answers: [
      [0, http(204)],
      [1, http(400)],
    ],
    status: 204,
    fates: ["undecided", "kept"],
  },
  {
    name: "rejected, the other down: kept for it",
    answers: [
      [0, http(400)],
      [1, DOWN],
    ],
    status: 400,
    fates: ["undecided", "kept"],
  },
  {
    name: "not ready on one, stored by the other",
    answers: [
      [0, http(404)],
      [1, http(204)],
    ],
    status: 204,
    fates: ["kept", "undecided"],
  },
  {
    name: "not ready on both: the first in config order",
    answers: [
      [1, http(401)],
      [0, http(404)],
    ],
    status: 404,
    fates: ["dropped", "dropped"],
  },
  {
    name: "not ready wins over a 5xx",
    answers: [
      [0, http(500)],
      [1, http(403)],
    ],
    status: 403,
    fates: ["dropped", "dropped"],
  },
  {
    name: "all 5xx: the first in config order",
    answers: [
      [1, http(502)],
      [0, http(500)],
    ],
    status: 500,
    body: '{"error":"e500"}\n',
    fates: ["dropped", "dropped"],
  },
  {
    name: "overloaded and down",
    answers: [
      [0, DOWN],
      [1, http(429)],
    ],
    status: 429,
    fates: ["dropped", "dropped"],
  },
  {
    name: "a redirect is a 502",
    answers: [
      [0, http(307)],
      [1, DOWN],
    ],
    status: 502,
    fates: ["dropped", "dropped"],
  },
  {
    name: "nobody answers",
    answers: [
      [0, DOWN],
      [1, unanswered("timeout")],
    ],
    status: 503,
    body: '{"error":"unable to write points: no InfluxDB answered (a: refused, b: timeout)"}\n',
    fates: ["dropped", "dropped"],
  },
  {
    name: "all: both store",
    consistency: "all",
    answers: [
      [0, http(204)],
      [1, http(204)],
    ],
    status: 204,
    fates: ["undecided", "kept"],
  },
  {
    name: "all: missed, named, and kept for the other",
    consistency: "all",
    answers: [
      [0, http(204)],
      [1, http(503)],
    ],
    status: 503,
    body: '{"error":"unable to write points: stored by 1 replicas, 2 needed"}\n',
    fates: ["undecided", "kept"],
  },
  {
    name: "all: a rejection first is the answer",
    consistency: "all",
    answers: [
      [0, http(400)],
      [1, http(204)],
    ],
    status: 400,
    fates: ["undecided", "kept"],
  },
];

for (const { name, answers, consistency = "one", status, body, fates } of replies) {
  test(`reply rule: ${name}`, async () => {
    const { set, post, replied, settle } = setUp(2, { consistency });
    void post();
    for (const [replica, reply] of answers) set[replica]?.answer(reply);
    await settle();
    assert.equal(replied[0]?.status, status);
    if (body !== undefined) assert.equal(replied[0] && text(replied[0]), body);
    assert.deepEqual(
      set.map(({ fate }) => fate),
      fates,
    );
  });
}

test("a quorum of three is two, and a rejection after it does not change the answer", async () => {
  const { set, post, replied, settle } = setUp(3, { consistency: "quorum" });
  void post();
  set[0]?.answer(http(204));
  await settle();
  assert.equal(replied.length, 0);
  set[2]?.answer(http(204));
  set[1]?.answer(http(400));
  await settle();
  assert.equal(replied[0]?.status, 204);
  assert.equal(set[1]?.divergences, 1);
});

test("a level that cannot be reached is refused at once and nothing is posted", async () => {
  const { set, post, replied } = setUp(2, { consistency: "all" });
  const [, b] = set;
  if (b) b.up = false;
  await post();
  assert.equal(replied[0]?.status, 503);
  assert.equal(replied[0]?.retryAfter, "1");
  assert.match(text(replied[0] as Reply), /1 of 2 replicas can be reached, 2 needed/);
  assert.equal(set[0]?.asked, false);
});

test("with every backend down a client is refused at once, a datagram is kept for all", async () => {
  const http = setUp(2);
  for (const replica of http.set) replica.up = false;
  await http.post();
  assert.equal(http.replied[0]?.status, 503);
  assert.deepEqual(
    http.set.map(({ asked }) => asked),
    [false, false],
  );

  const udp = setUp(2, { keep: "always" });
  for (const replica of udp.set) replica.up = false;
  await udp.post();
  assert.deepEqual(
    udp.set.map(({ fate }) => fate),
    ["kept", "kept"],
  );
});

test("at the deadline the client is answered; a replica that stores later still makes the others keep it", async () => {
  const { set, post, replied, expire } = setUp(2);
  void post();
  set[0]?.answer(DOWN);
  await expire();
  assert.equal(replied[0]?.status, 503);
  assert.equal(set[0]?.fate, "undecided");
  set[1]?.answer(http(204));
  assert.equal(set[0]?.fate, "kept");
});

test("a body without lines is answered but never kept", async () => {
  const { set, post, replied, settle } = setUp(2, { hasLines: false });
  void post();
  set[0]?.answer(http(204));
  set[1]?.answer(DOWN);
  await settle();
  assert.equal(replied[0]?.status, 204);
  assert.equal(set[1]?.fate, "dropped");
});

test("a reply goes out verbatim, with the headers that belong to its body", async () => {
  const { set, post, replied, settle } = setUp(2);
  void post();
  const headers = { "content-type": "text/x", "x-influxdb-error": "words", "retry-after": "7" };
  set[0]?.answer(http(400, "as is", headers));
  await settle();
  const [reply] = replied;
  assert.equal(reply && text(reply), "as is");
  assert.deepEqual([reply?.contentType, reply?.influxError, reply?.retryAfter], ["text/x", "words", "7"]);
});

test("bytes that wait for an answer are bounded; a datagram's are bounded elsewhere", async () => {
  const { set, budget, post, replied, settle } = setUp(2);
  assert.ok(budget.take(budget.maxBytes - 1));
  await post();
  assert.equal(replied[0]?.status, 503);
  assert.equal(replied[0]?.retryAfter, "1");
  assert.equal(set[0]?.asked, false);
  assert.equal(budget.refused, 1);
  budget.giveBack(budget.maxBytes - 1);
  void post();
  assert.ok(budget.bytes > 0);
  set[0]?.answer(http(204));
  await settle();
  assert.equal(budget.bytes, 0);

  const udp = setUp(1, { keep: "always" });
  assert.ok(udp.budget.take(udp.budget.maxBytes));
  void udp.post();
  assert.equal(udp.set[0]?.asked, true);
});

test("at the deadline an answer that is there already says more than a timeout", async () => {
  const { set, post, replied, expire } = setUp(2);
  void post();
  set[1]?.answer(http(401));
  await expire();
  assert.equal(replied[0]?.status, 401);
});
