import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import { httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";
import { createReplicaSet, OUTPUT } from "./replica-set.ts";

const refused = () => new TransportError("refused", false, "connection refused");
const reset = () => new TransportError("reset", true, "connection reset");
const isWrite = ({ method }: SentRequest) => method === "POST";
const MINUTE = 60_000;

/** Servers that answer 204, unless `down` names them. */
function servers(down: Set<string>) {
  return (request: SentRequest) => {
    if (down.has(request.origin.slice(-1))) throw refused();
    return httpAnswer(204);
  };
}

test("what a backend missed while it was down reaches it in order before newer writes", async () => {
  const down = new Set(["b"]);
  const { clock, backends, post, writes } = createReplicaSet(servers(down));
  for (const i of [1, 2, 3]) assert.equal((await post(`m v=${i} ${i}`)).status, 204);
  await clock.advance(0);
  assert.equal(backends[1]?.status().state, "down");
  assert.equal(backends[1]?.status().backlog.records, 3);
  down.clear();
  await clock.advance(MINUTE);
  await post("m v=4 4");
  await clock.advance(0);
  assert.deepEqual(writes("b").slice(-4), ["m v=1 1", "m v=2 2", "m v=3 3", "m v=4 4"]);
  assert.deepEqual(backends[1]?.status().backlog, { records: 0, bytes: 0 });
  assert.equal(backends[1]?.status().lanes, 0);
});

test("with both backends down the client is told 503 at once and nothing is kept", async () => {
  const { clock, backends, post } = createReplicaSet(servers(new Set(["a", "b"])));
  const reply = await post("m v=1 1");
  assert.equal(reply.status, 503);
  await clock.advance(0);
  assert.deepEqual(
    backends.map((backend) => [backend.status().backlog.records, backend.status().lanes]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test("backends that return take the very next write, without waiting for a ping", async () => {
  const down = new Set(["a", "b"]);
  const { post } = createReplicaSet(servers(down));
  assert.equal((await post("m v=1 1")).status, 503);
  down.clear();
  assert.equal((await post("m v=2 2")).status, 204);
});

test("during an outage of an hour a backend is asked no more often than the backoff allows", async () => {
  const down = new Set(["b"]);
  const { platform, clock, post } = createReplicaSet(servers(down));
  await post("m v=1 1");
  await clock.advance(60 * MINUTE);
  const asked = platform.sent.filter(({ origin }) => origin === "http://b").length;
  // Full jitter below 10 s: 5 s on average.
  assert.ok(asked > 300 && asked < 1_100, `${asked} requests`);
});

test("a permanent 500 for one policy holds that destination and nothing else", async () => {
  const { clock, backends, platform, post, writes } = createReplicaSet((request) => {
    if (request.origin === "http://b" && request.path.includes("rp=nosuch")) {
      return influxError(500, "retention policy not found: nosuch");
    }
    return httpAnswer(204);
  });
  assert.equal((await post("m v=1 1", { rp: "nosuch" })).status, 204);
  assert.equal((await post("m v=2 2")).status, 204);
  await clock.advance(0);
  assert.equal(writes("b").at(-1), "m v=2 2");
  const reason = { status: 500, error: "retention policy not found: nosuch", atMs: platform.clock.now() };
  assert.deepEqual(backends[1]?.status().held, [{ db: "d", rp: "nosuch", records: 1, ...reason }]);
  assert.ok(platform.logged.some(({ event }) => event === "destination-held"));
});

test("a policy that no backend has is the client's answer and nothing is kept", async () => {
  const { clock, backends, post } = createReplicaSet(() => influxError(500, "retention policy not found: x"));
  const reply = await post("m v=1 1", { rp: "x" });
  assert.equal(reply.status, 500);
  assert.match(new TextDecoder().decode(reply.body), /retention policy not found: x/);
  await clock.advance(0);
  for (const backend of backends) {
    assert.deepEqual([backend.status().held, backend.status().backlog.records], [[], 0]);
  }
});

test("a backend that comes back without its database keeps its backlog until the database is there", async () => {
  let created = false;
  const { clock, backends, post, writes } = createReplicaSet((request) =>
    request.origin === "http://b" && !created && isWrite(request)
      ? influxError(404, 'database not found: "d"')
      : httpAnswer(204),
  );
  for (const i of [1, 2, 3]) assert.equal((await post(`m v=${i} ${i}`)).status, 204);
  await clock.advance(10 * MINUTE);
  assert.equal(backends[1]?.status().held[0]?.records, 3);
  created = true;
  await clock.advance(MINUTE);
  assert.deepEqual(writes("b").slice(-3), ["m v=1 1", "m v=2 2", "m v=3 3"]);
  assert.deepEqual(backends[1]?.status().held, []);
});

test("credentials that one backend refuses do not hold up other credentials", async () => {
  const good = { authorization: "Basic good" };
  const bad = { authorization: "Basic bad" };
  const { clock, post, writes } = createReplicaSet((request) =>
    request.origin === "http://b" && request.headers["authorization"] === "Basic bad"
      ? influxError(401, "authorization failed")
      : httpAnswer(204),
  );
  await post("m v=1 1", { credentials: bad });
  await post("m v=2 2", { credentials: good });
  await clock.advance(0);
  assert.equal(writes("b").at(-1), "m v=2 2");
});

test("a 5xx that only one write gets does not fail the writes behind it", async () => {
  const { clock, post } = createReplicaSet((request) =>
    request.text.includes("poison") ? httpAnswer(500, "boom") : httpAnswer(204),
  );
  const replies = Promise.all([post("poison v=1 1"), post("m v=2 2"), post("m v=3 3")]);
  await clock.advance(0);
  assert.deepEqual(
    (await replies).map(({ status }) => status),
    [500, 204, 204],
  );
});

test("after a reset the write is sent again only once the backend must have settled, and the range is suspect", async () => {
  let resets = 1;
  const { clock, backends, post, writes } = createReplicaSet((request) => {
    if (request.origin === "http://b" && isWrite(request) && resets-- > 0) throw reset();
    return httpAnswer(204);
  });
  await post("m v=1 1");
  await clock.advance(9_999);
  assert.equal(writes("b").length, 1);
  await clock.advance(1);
  assert.deepEqual(writes("b"), ["m v=1 1", "m v=1 1"]);
  assert.deepEqual(backends[1]?.status().suspect, [{ db: "d", rp: "", min: "1", max: "1" }]);
});

test("a hung backend does not delay the other one's clients, nor any answer beyond the timeout", async () => {
  const { clock, post } = createReplicaSet((request) =>
    request.origin === "http://b" ? new Promise(() => {}) : httpAnswer(204),
  );
  for (let i = 0; i < 5; i++) assert.equal((await post(`m v=${i} ${i}`)).status, 204);

  const hung = createReplicaSet(() => new Promise(() => {}));
  const reply = hung.post("m v=1 1");
  await hung.clock.advance(10_000);
  assert.equal((await reply).status, 503);
  await clock.advance(0);
});

test("a full buffer drops its oldest writes, counts them and remembers their range", async () => {
  const line = (i: number) => `m v="${"x".repeat(1_000)}" ${i}`;
  const down = new Set(["b"]);
  const { clock, backends, platform, post, writes } = createReplicaSet(servers(down), {
    outputs: [{}, { bufferSize: 10_000 }],
  });
  for (let i = 1; i <= 20; i++) await post(line(i));
  await clock.advance(0);
  const { backlog, counters, lost } = backends[1]?.status() ?? assert.fail();
  assert.ok(backlog.bytes <= 10_000);
  assert.equal(backlog.records + counters.lostRecords, 20);
  assert.deepEqual(lost, [{ db: "d", rp: "", min: "1", max: String(counters.lostRecords) }]);
  assert.ok(platform.logged.some(({ event }) => event === "write-lost"));
  down.clear();
  await clock.advance(MINUTE);
  assert.equal(writes("b").at(-1), line(20));
  assert.equal(new Set(writes("b")).size, backlog.records + 1); // and the first one, which was tried
});

test("a buffer of size 0 keeps nothing that fails, and says so", async () => {
  const down = new Set(["b"]);
  const { clock, backends, post, writes } = createReplicaSet(servers(down), {
    outputs: [{}, { bufferSize: 0 }],
  });
  await post("m v=1 1");
  await post("m v=2 2");
  await clock.advance(0);
  assert.equal(backends[1]?.status().counters.lostRecords, 2);
  down.clear();
  await clock.advance(MINUTE);
  await post("m v=3 3");
  await clock.advance(0);
  assert.equal(writes("b").at(-1), "m v=3 3");
});

test("a kept write that the backend then rejects is counted, its range suspect, and the next ones go on", async () => {
  const down = new Set(["b"]);
  const { clock, backends, post, writes } = createReplicaSet((request) => {
    if (down.has(request.origin.slice(-1))) throw refused();
    if (request.origin === "http://b" && request.text.includes("clash"))
      return influxError(400, "partial write: x");
    return httpAnswer(204);
  });
  await post("clash v=1 5");
  await post("m v=2 6");
  down.clear();
  await clock.advance(MINUTE);
  assert.equal(writes("b").at(-1), "m v=2 6");
  assert.equal(backends[1]?.status().counters.rejected, 1);
  assert.deepEqual(backends[1]?.status().suspect, [{ db: "d", rp: "", min: "5", max: "5" }]);
});

test("points that are only too old for the policy are expected: counted, not suspect", async () => {
  const down = new Set(["b"]);
  const { clock, backends, post } = createReplicaSet((request) => {
    if (down.has(request.origin.slice(-1))) throw refused();
    if (request.origin === "http://b" && isWrite(request)) {
      return influxError(400, "partial write: points beyond retention policy dropped=1");
    }
    return httpAnswer(204);
  });
  await post("m v=1 5");
  down.clear();
  await clock.advance(MINUTE);
  const { counters, suspect } = backends[1]?.status() ?? assert.fail();
  assert.deepEqual([counters.expired, counters.rejected, suspect], [1, 0, []]);
});

test("Retry-After is honoured within the bound, whatever it says", async () => {
  for (const header of ["9999999999999", "-5", "abc", "0", "Wed, 21 Oct 2015 07:28:00 GMT"]) {
    let busy = true;
    const { clock, post, writes } = createReplicaSet((request) =>
      request.origin === "http://b" && busy
        ? httpAnswer(503, "", { "retry-after": header })
        : httpAnswer(204),
    );
    await post("m v=1 1");
    await clock.advance(10 * MINUTE);
    const tries = writes("b").length;
    assert.ok(tries > 50 && tries < 300, `${header}: ${tries} tries`);
    busy = false;
    await clock.advance(10_000);
    assert.equal(writes("b").length, tries + 1, header);
  }
});

test("a body that the backend finds too large is sent again in halves", async () => {
  const taken: string[] = [];
  const { post } = createReplicaSet(
    (request) => {
      if (request.text.length > 30) return influxError(413, "Request Entity Too Large");
      if (isWrite(request)) taken.push(request.text);
      return httpAnswer(204);
    },
    { outputs: [{}] },
  );
  const lines = Array.from({ length: 8 }, (_, i) => `m v=${i} ${i}`);
  assert.equal((await post(lines.join("\n"))).status, 204);
  assert.equal(taken.join("\n"), lines.join("\n"));
});

test("one line that is too large for the backend is rejected", async () => {
  const { post } = createReplicaSet(() => influxError(413, "Request Entity Too Large"));
  assert.equal((await post("m v=1 1")).status, 413);
});

test("a datagram's points are kept for every backend while all are down", async () => {
  const down = new Set(["a", "b"]);
  const { clock, post, writes } = createReplicaSet(servers(down));
  void post("m v=1 1", { keep: "always" });
  void post("m v=2 2", { keep: "always" });
  await clock.advance(MINUTE);
  down.clear();
  await clock.advance(MINUTE);
  for (const name of ["a", "b"]) assert.deepEqual(writes(name).slice(-2), ["m v=1 1", "m v=2 2"]);
});

test("jumps of the wall clock neither lose nor delay what is kept", async () => {
  const down = new Set(["b"]);
  const { clock, post, writes } = createReplicaSet(servers(down));
  await post("m v=1 1");
  clock.wallJump(-3_600_000);
  await clock.advance(1_000);
  clock.wallJump(10 * 365 * 86_400_000);
  down.clear();
  await clock.advance(20_000);
  assert.equal(writes("b").at(-1), "m v=1 1");
});

test("an answer that cannot be read because it quotes control characters is a rejection, not an outage", async () => {
  const { clock, backends, post } = createReplicaSet((request) => {
    if (request.text.includes("\0")) throw new TransportError("protocol", true, "invalid header");
    return httpAnswer(204);
  });
  const replies = Promise.all([post("m v=1 1"), post("m\0 v 2"), post("m v=3 3")]);
  await clock.advance(0);
  assert.deepEqual(
    (await replies).map(({ status }) => status),
    [204, 400, 204],
  );
  assert.deepEqual(
    backends.map((backend) => backend.status().state),
    ["up", "up"],
  );
});

test("writes that wait for a request in flight are joined into the next one", async () => {
  const gate = Promise.withResolvers<void>();
  const { platform, clock, post } = createReplicaSet(
    async (request) => {
      if (request.text === "m v=0 0") await gate.promise;
      return httpAnswer(204);
    },
    { outputs: [{}] },
  );
  const replies = [post("m v=0 0")];
  await clock.advance(0);
  for (let i = 1; i <= 5; i++) replies.push(post(`m v=${i} ${i}`));
  await clock.advance(0);
  gate.resolve();
  await clock.advance(0);
  assert.deepEqual(
    platform.sent.filter(isWrite).map(({ text }) => text),
    ["m v=0 0", "m v=1 1\nm v=2 2\nm v=3 3\nm v=4 4\nm v=5 5\n"],
  );
  assert.deepEqual(new Set((await Promise.all(replies)).map(({ status }) => status)), new Set([204]));
});

test("an open body, other credentials, another precision and a full batch end a joined request", async () => {
  const { platform, clock, post } = createReplicaSet(() => httpAnswer(204), {
    outputs: [{ maxBatchBytes: 40 }],
  });
  const other = { authorization: "Basic x" };
  void post("a v=1 1");
  void post("b v=1 1");
  void post('c v="open', { closed: false });
  void post("d v=1 1");
  void post("e v=1 1", { credentials: other });
  void post("f v=1 1", { credentials: other });
  void post(`g v=${"1".repeat(30)} 1`, { credentials: other });
  await clock.advance(0);
  assert.deepEqual(
    platform.sent.filter(isWrite).map(({ text }) => text.trimEnd().replaceAll("\n", " + ")),
    ["a v=1 1 + b v=1 1", 'c v="open', "d v=1 1", "e v=1 1 + f v=1 1", `g v=${"1".repeat(30)} 1`],
  );
});

test("each client of a refused joined request gets its own answer, and a bad source is then left out", async () => {
  const { platform, clock, post } = createReplicaSet(
    (request) =>
      request.text.includes("bad") ? influxError(400, `${request.text.split("\n").length}`) : httpAnswer(204),
    { outputs: [{}] },
  );
  const write = (i: number) =>
    post(i === 37 ? "bad v=x 1" : `m v=${i} ${i}`, { source: i === 37 ? "evil" : "good" });
  for (const [round, most] of [
    [1, 16],
    [2, 4],
  ] as const) {
    const before = platform.sent.length;
    const replies = Promise.all(Array.from({ length: 64 }, (_, i) => write(i)));
    await clock.advance(0);
    assert.deepEqual(
      (await replies).flatMap(({ status }, i) => (status === 204 ? [] : [i])),
      [37],
    );
    const requests = platform.sent.length - before;
    assert.ok(requests <= most, `round ${round}: ${requests} requests`);
  }
});

test("a write that names the default policy and one that names none keep their order", async () => {
  const answers = { results: [{ series: [{ columns: ["name", "default"], values: [["autogen", true]] }] }] };
  let slow: PromiseWithResolvers<void> | undefined;
  const { platform, clock, backends, post } = createReplicaSet(
    async (request) => {
      if (!isWrite(request)) return httpAnswer(200, JSON.stringify(answers));
      await slow?.promise;
      return httpAnswer(204);
    },
    { outputs: [{}] },
  );
  await post("m v=0 1");
  await clock.advance(0);
  slow = Promise.withResolvers<void>();
  void post("m v=1 1");
  await clock.advance(0);
  void post("m v=2 1", { rp: "autogen" });
  void post("m v=3 1");
  await clock.advance(0);
  assert.equal(backends[0]?.status().lanes, 1);
  slow.resolve();
  await clock.advance(0);
  assert.deepEqual(
    platform.sent.filter(isWrite).map(({ text }) => text),
    ["m v=0 1", "m v=1 1", "m v=2 1", "m v=3 1"],
  );
});

test("thousands of destinations leave nothing behind", async () => {
  const { clock, backends, post } = createReplicaSet(() => httpAnswer(204));
  const replies = Promise.all(Array.from({ length: 3_000 }, (_, i) => post("m v=1 1", { db: `d${i}` })));
  await clock.advance(0);
  assert.ok((await replies).every(({ status }) => status === 204));
  for (const backend of backends) assert.equal(backend.status().lanes, 0);
});

test("large bodies are joined in pieces, each on lines of its own", async () => {
  const large = (name: string) => `${name} v="${"x".repeat(70_000)}" 1`;
  const { platform, clock, post } = createReplicaSet(() => httpAnswer(204), { outputs: [{}] });
  void post("a v=1 1");
  void post(large("b"));
  void post("c v=1 1\n");
  void post(`${large("d")}\n`);
  void post("e v=1 1");
  await clock.advance(0);
  const [request] = platform.sent.filter(isWrite);
  assert.equal(request?.text, `a v=1 1\n${large("b")}\nc v=1 1\n${large("d")}\ne v=1 1\n`);
});

test("writes that were dropped from a full buffer leave nothing behind a request that hangs", async () => {
  const { clock, backends, post } = createReplicaSet(
    (request) =>
      request.origin === "http://b" && isWrite(request) ? new Promise(() => {}) : httpAnswer(204),
    { outputs: [{}, { bufferSize: 50_000 }] },
  );
  for (let i = 0; i < 5_000; i++) {
    void post(`m v=${i} ${i}`);
    if (i % 100 === 0) await clock.advance(0);
  }
  await clock.advance(0);
  const { backlog, counters } = backends[1]?.status() ?? assert.fail();
  assert.ok(backlog.records > 10 && backlog.bytes <= 50_000);
  assert.equal(counters.lostRecords + backlog.records, 5_000);
});

test("who finds too many bytes waiting in a lane is told at once, and still keeps its place", async () => {
  const megabyte = "x".repeat(1024 * 1024);
  const { clock, backends, post } = createReplicaSet(({ method }) =>
    method === "POST" ? new Promise(() => {}) : httpAnswer(204),
  );
  const replies = Array.from({ length: 65 }, (_, i) => post(`m v="${megabyte}" ${i}`));
  const last = await (replies.at(-1) as (typeof replies)[number]);
  assert.equal(last.status, 503);
  assert.equal(last.retryAfter, "1");
  await clock.advance(60_000);
  assert.deepEqual(new Set((await Promise.all(replies)).map(({ status }) => status)), new Set([503]));
  for (const backend of backends) assert.equal(backend.status().lanes, 0);
});

test("a write that is tried again and again stays the oldest, and is the first to go when the buffer is full", async () => {
  const { clock, backends, post, writes } = createReplicaSet(
    ({ origin, text }) => httpAnswer(origin === "http://b" && text.includes("poison") ? 500 : 204),
    { outputs: [{}, { bufferSize: 5_000 }] },
  );
  await post("poison v=0 1");
  for (let i = 1; i <= 10; i++) {
    await clock.advance(MINUTE);
    await post(`m v=${i} 1`);
  }
  await clock.advance(MINUTE);
  const { counters, backlog } = backends[1]?.status() ?? assert.fail();
  assert.deepEqual(backlog, { records: 0, bytes: 0 });
  assert.equal(counters.lostRecords, 1);
  assert.equal(new Set(writes("b")).size, 11);
  assert.equal(counters.kept, counters.delivered + counters.lostRecords);
});

test("a write that is kept while it waits for its turn counts once when it is rejected", async () => {
  const turn = Promise.withResolvers<void>();
  const { clock, backends, post } = createReplicaSet(async ({ origin, text }) => {
    if (origin === "http://b") await turn.promise;
    return origin === "http://b" && text.includes("clash")
      ? influxError(400, "partial write: x")
      : httpAnswer(204);
  });
  await post("m v=1 1");
  await post("clash v=2 2", { source: "elsewhere" });
  turn.resolve();
  await clock.advance(MINUTE);
  assert.equal(backends[1]?.status().counters.rejected, 1);
});

test("a refused joined request whose first half the backend is not ready for goes out once, from the held lane", async () => {
  const turn = Promise.withResolvers<void>();
  let tries = 0;
  let inFlight = 0;
  const { clock, backends, platform, post } = createReplicaSet(
    async (request) => {
      if (!isWrite(request)) return httpAnswer(204);
      assert.equal(inFlight++, 0, "one request at a time");
      await turn.promise;
      inFlight--;
      tries++;
      if (tries === 2) return influxError(400, "unable to parse");
      return tries === 3 ? influxError(404, "database not found") : httpAnswer(204);
    },
    { outputs: [{}] },
  );
  const posts = [0, 1, 2, 3, 4].map(async (i) => {
    if (i > 0) await clock.advance(0);
    return post(`m v=${i} 1`, { keep: "always" });
  });
  await clock.advance(0);
  turn.resolve();
  await clock.advance(MINUTE);
  await Promise.all(posts);
  const sent = platform.sent.filter(isWrite).map(({ text }) => text.trimEnd().split("\n").length);
  assert.deepEqual(sent, [1, 4, 2, 4]);
  assert.equal(backends[0]?.idle, true);
});

test("a default policy that is learned late lets no write overtake an unnamed one that waits", async () => {
  const answers = { results: [{ series: [{ columns: ["name", "default"], values: [["autogen", true]] }] }] };
  const learned = Promise.withResolvers<void>();
  let unnamedBusy = true;
  const { platform, clock, backends, post } = createReplicaSet(
    async (request) => {
      if (request.path.startsWith("/query")) {
        await learned.promise;
        return httpAnswer(200, JSON.stringify(answers));
      }
      return httpAnswer(unnamedBusy && !request.path.includes("rp=") ? 503 : 204);
    },
    { outputs: [{ timeoutMs: MINUTE }] },
  );
  const always = { keep: "always" } as const;
  const named = { ...always, rp: "autogen" };
  await post("m v=1 1", always);
  const turn = post("m v=2 1", named);
  learned.resolve();
  await turn;
  void post("m v=3 1", always);
  unnamedBusy = false;
  await clock.advance(MINUTE);
  const unnamed = platform.sent.filter((request) => isWrite(request) && !request.path.includes("rp="));
  assert.deepEqual(
    unnamed.slice(1).flatMap(({ text }) => text.trimEnd().split("\n")),
    ["m v=1 1", "m v=3 1"],
  );
  assert.equal(backends[0]?.idle, true);
});

test("a backend that is stopped sends nothing more, whoever still writes to it or waits", async () => {
  const { clock, backends, platform, post } = createReplicaSet(({ origin }) =>
    origin === "http://b" ? new Promise(() => {}) : httpAnswer(204),
  );
  const first = post("m v=1 1", { consistency: "all" });
  await clock.advance(0);
  const second = post("m v=2 2", { consistency: "all" });
  await clock.advance(0);
  await backends[1]?.stop();
  assert.deepEqual([(await first).status, (await second).status], [503, 503]);
  assert.equal(backends[1]?.status().backlog.records, 2, "what the other one stored is left over");
  assert.equal((await post("m v=3 3")).status, 204);
  await clock.advance(MINUTE);
  assert.equal(platform.sent.filter((sent) => isWrite(sent) && sent.origin === "http://b").length, 1);
});

test("a change of options counts for the requests that follow, also how much is joined", async () => {
  const { clock, backends, platform, post } = createReplicaSet(() => httpAnswer(204), { outputs: [{}] });
  backends[0]?.reconfigure({ ...OUTPUT, maxBatchBytes: 0 });
  void post("m v=1 1");
  void post("m v=2 1");
  await clock.advance(0);
  assert.equal(platform.sent.filter(isWrite).length, 2);
});

test("a destination that no backend is ready for is answered in the backends' own words", async () => {
  const { clock, post } = createReplicaSet(() => influxError(404, 'database not found: "d"'));
  void post("m v=1 1", { keep: "always" });
  await clock.advance(0);
  const reply = await post("m v=2 2");
  assert.equal(reply.status, 404);
});
