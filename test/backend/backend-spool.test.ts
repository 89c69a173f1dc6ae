import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "../../src/backend/dead-letters.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { httpAnswer, influxError } from "../support/test-platform.ts";
import { SPOOL } from "./replica-set.ts";
import { type Answer, DOWN, dbOf, line, numbersOf, startLife, UP, upTo } from "./spool-life.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MANY_YEARS = 10 * 365 * 24 * HOUR;

const CHOKES: Answer = ({ text }) =>
  text.includes("poison") ? influxError(500, "engine: choked") : httpAnswer(204);

test("a write that alone gets the same 500 for ten minutes, while others are stored, leaves to the dead letters", async () => {
  const { b, clock, write, status, deadLetters } = await startLife(new CrashableFiles(), CHOKES);
  await write(line(1, ",t=poison"));
  for (let minute = 0; minute < 9; minute++) {
    await write(line(minute), { db: "e" });
    await clock.advance(MINUTE);
  }
  assert.deepEqual([status().counters.poisoned, status().backlog.records], [0, 1]);
  await write(line(9), { db: "e" });
  await clock.advance(2 * MINUTE);
  assert.deepEqual([status().counters.poisoned, status().backlog.records], [1, 0]);
  const [letter, ...more] = await deadLetters();
  assert.ok(letter !== undefined && more.length === 0);
  assert.equal(new TextDecoder().decode(letter.body), line(1, ",t=poison"));
  assert.deepEqual(verdictOf(letter), { reason: "poison", status: 500, error: "engine: choked" });
  assert.equal(status().counters.lostRecords, 0);
  assert.deepEqual(
    status().suspect.map(({ db, min, max }) => [db, min, max]),
    [["d", "1", "1"]],
  );
  assert.deepEqual(numbersOf(b.stored), upTo(10));
});

test("the other lines of a write with a poisonous one have ten minutes of their own", async () => {
  const { b, clock, write, status, deadLetters } = await startLife(new CrashableFiles(), CHOKES);
  await write(`${line(1, ",t=poison")}\n${line(2)}`);
  let failures = 0;
  b.answer = (request) => {
    const passes = request.text === line(2) && failures++ === 0;
    return passes ? influxError(500, "just now") : CHOKES(request);
  };
  for (let minute = 3; minute < 15; minute++) {
    await write(line(minute), { db: "e" });
    await clock.advance(MINUTE);
  }
  assert.deepEqual([status().counters.poisoned, status().backlog.records, failures], [1, 0, 2]);
  assert.equal((await deadLetters()).length, 1);
  assert.ok(numbersOf(b.stored).includes(2));
});

for (const [speed, latencyMs] of [
  ["later", 5],
  ["sooner", 0],
] as const) {
  test(`where nothing but the write behind it proves that the backend works, a poisonous write leaves all the same, if the answer comes ${speed} than what is read from the disk`, async () => {
    const { b, clock, write, status, deadLetters } = await startLife(new CrashableFiles(), CHOKES);
    b.answer = async (request) => {
      if (latencyMs > 0) await new Promise<void>((resolve) => clock.after(latencyMs, resolve));
      return CHOKES(request);
    };
    await write(line(1, ",t=poison"));
    await write(line(2));
    await write(line(3));
    await clock.advance(9 * MINUTE);
    assert.equal(status().counters.poisoned, 0);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(new Set(numbersOf(b.stored)), new Set([2, 3]));
    const letters = await deadLetters();
    assert.deepEqual(letters.map(verdictOf), [{ reason: "poison", status: 500, error: "engine: choked" }]);
    assert.deepEqual([status().counters.poisoned, status().backlog.records], [1, 0]);
  });
}

test("a backend that answers everything with a 500 poisons nothing, however long", async () => {
  const broken: Answer = () => influxError(500, "disk full");
  const { b, clock, write, status } = await startLife(new CrashableFiles(), broken);
  for (const i of upTo(5)) await write(line(i));
  await clock.advance(HOUR);
  assert.deepEqual([status().counters.poisoned, status().backlog.records], [0, 5]);
  b.answer = UP;
  await clock.advance(MINUTE);
  assert.deepEqual(numbersOf(b.stored), upTo(5));
});

test("what was missed is sent at the drain rate, and live writes are still acknowledged and stored", async () => {
  const drainMaxRate = 50_000;
  const output = { drainMaxRate, maxBatchBytes: 4_000 };
  const { b, clock, write, status } = await startLife(new CrashableFiles(), DOWN, { output });
  for (const i of upTo(600)) await write(line(i, `,pad=${"x".repeat(985)}`));
  b.answer = UP;
  while (b.stored.length === 0) await clock.advance(10);
  const startMs = clock.monotonic();
  for (const i of upTo(5)) {
    await write(line(1_000 + i), { db: "live" });
    await write(line(1_000 + i));
    await clock.advance(500);
  }
  const live = b.sent.filter(({ db }) => db === "live");
  assert.deepEqual(numbersOf(live.flatMap(({ lines }) => lines)), upTo(1_005, 1_000));
  assert.ok(status().backlog.records > 0, "the drain is not over");
  while (status().backlog.records > 0) await clock.advance(100);
  const seconds = (clock.monotonic() - startMs) / 1_000;
  const drained = b.sent.filter(
    // The newest one had not left the memory.
    ({ db, lines, atMs }) => db === "d" && Number(numbersOf(lines)[0]) < 599 && atMs >= startMs - 10,
  );
  let sent = 0;
  for (const { atMs, bytes } of drained) {
    // Of what was paid for later: a tenth of a second, and a request.
    assert.ok(
      sent <= drainMaxRate * ((atMs - startMs + 10) / 1_000 + 0.1),
      `${sent} bytes at ${atMs - startMs}`,
    );
    sent += bytes;
  }
  assert.ok(sent >= 595_000 && seconds > 10 && seconds < 13, `${sent} bytes in ${seconds} s`);
  assert.deepEqual(
    numbersOf(b.stored).filter((i) => i < 1_000),
    upTo(600),
  );
});

test("the first request after an outage is small, and those that follow grow up to the batch size", async () => {
  const { b, clock, write } = await startLife(new CrashableFiles(), DOWN);
  async function outage(first: number): Promise<number[]> {
    b.answer = DOWN;
    for (const i of upTo(first + 300, first)) await write(line(i, `,pad=${"x".repeat(9_980)}`));
    b.sent.length = 0;
    b.answer = UP;
    await clock.advance(MINUTE);
    return b.sent.map(({ bytes }) => bytes);
  }
  for (const first of [0, 300]) {
    const sizes = await outage(first);
    assert.ok((sizes[0] ?? 0) <= 64 * 1024 + 10_000, `${sizes}`);
    for (let i = 1; i < sizes.length; i++)
      assert.ok((sizes[i] ?? 0) <= 2 * 64 * 1024 * 2 ** (i - 1), `${i}: ${sizes}`);
    assert.ok(Math.max(...sizes) > 400_000, `${sizes}`);
  }
  assert.deepEqual(numbersOf(b.stored), upTo(600));
});

test("beyond max-size the oldest are dropped, as many are counted as are missing, and their range survives a restart", async () => {
  const files = new CrashableFiles();
  const spool = { maxSize: 10_000 };
  const { clock, write, status } = await startLife(files, DOWN, { spool });
  for (const i of upTo(300)) await write(line(i));
  await clock.advance(MINUTE);
  const { lostRecords } = status().counters;
  assert.ok(lostRecords > 0 && status().backlog.bytes <= spool.maxSize);
  assert.equal(status().backlog.records, 300 - lostRecords);
  const { lost } = status();
  assert.deepEqual(lost, [{ db: "d", rp: "", min: "0", max: `${lostRecords - 1}` }]);
  const next = await startLife(files.crashClone("kill", 1), UP, { spool });
  await next.clock.advance(MINUTE);
  assert.deepEqual(numbersOf(next.b.stored), upTo(300, lostRecords));
  assert.deepEqual(next.status().lost, lost);
});

test("max-records bounds what is kept, too", async () => {
  const spool = { maxRecords: 100 };
  const { b, clock, write, status } = await startLife(new CrashableFiles(), DOWN, { spool });
  for (const i of upTo(250)) await write(line(i));
  await clock.advance(MINUTE);
  const { lostRecords } = status().counters;
  assert.ok(status().backlog.records <= 100 && status().backlog.records > 90, `${status().backlog.records}`);
  b.answer = UP;
  await clock.advance(MINUTE);
  assert.deepEqual(numbersOf(b.stored), upTo(250, lostRecords));
});

test("max-age counts the time that the relay runs: no jump of the wall clock loses anything, also over a restart", async () => {
  const files = new CrashableFiles();
  const spool = { maxAgeMs: HOUR };
  const first = await startLife(files, DOWN, { spool });
  for (const i of upTo(10)) await first.write(line(i));
  first.clock.wallJump(MANY_YEARS);
  await first.write(line(10));
  await first.clock.advance(30 * MINUTE);
  for (const i of upTo(20, 11)) await first.write(line(i));
  const startMs = Date.UTC(2026, 0, 1) + 2 * MANY_YEARS;
  const next = await startLife(files.crashClone("kill", 1), DOWN, { spool, startMs });
  await next.clock.advance(20 * MINUTE);
  assert.deepEqual([first.status().counters.lostRecords, next.status().counters.lostRecords], [0, 0]);
  assert.equal(next.status().backlog.records, 20);
  // More than an hour of both lives together; those written half an hour later are not that old.
  await next.clock.advance(15 * MINUTE);
  const { lostRecords } = next.status().counters;
  assert.ok(lostRecords > 5 && lostRecords <= 11, `${lostRecords}`);
  assert.equal(next.status().lost[0]?.min, "0");
  next.b.answer = UP;
  await next.clock.advance(MINUTE);
  // Of a file that has younger ones, the old ones are found when their turn comes.
  assert.equal(next.status().counters.lostRecords, 11);
  assert.deepEqual(numbersOf(next.b.stored), upTo(20, 11));
});

test("a healthy set writes nothing to the disk as long as all answer within the grace", async () => {
  const files = new CrashableFiles();
  const { b, clock, platform, write, status } = await startLife(files, UP);
  const late =
    (ms: number): Answer =>
    async () => {
      await new Promise<void>((resolve) => platform.clock.after(ms, resolve));
      return httpAnswer(204);
    };
  await write(line(0));
  await clock.advance(MINUTE);
  let appends = 0;
  files.onCall = ({ op }) => {
    if (op === "append") appends++;
  };
  const { calls } = files;
  b.answer = late(SPOOL.graceMs - 1);
  for (const i of upTo(101, 1)) await write(line(i));
  await clock.advance(MINUTE);
  assert.deepEqual([appends, files.calls - calls], [0, 0]);
  b.answer = late(SPOOL.graceMs + 5);
  await write(line(101));
  await clock.advance(MINUTE);
  assert.ok(appends > 0, "who is later has it stored");
  assert.equal(status().backlog.records, 0);
});

test("a database that is not there is held in a log of its own, and the backlog of the others goes on", async () => {
  const { b, clock, write, status, backend } = await startLife(new CrashableFiles(), DOWN);
  for (const i of upTo(20)) await write(line(i), { db: i % 2 === 0 ? "d" : "e" });
  b.answer = (request) => (dbOf(request) === "d" ? influxError(404, "database not found") : httpAnswer(204));
  await clock.advance(MINUTE);
  await write(line(21), { db: "e" });
  await write(line(20));
  await clock.advance(MINUTE);
  assert.deepEqual(numbersOf(b.stored), [...upTo(20).filter((i) => i % 2 === 1), 21]);
  const [main, held] = [backend.kept("main")[0], backend.kept("hold")[0]];
  assert.deepEqual([main?.records, held?.records], [0, 11]);
  assert.deepEqual(
    status().held.map(({ db, records }) => [db, records]),
    [["d", 11]],
  );
});

test("of a backlog of 20,000 writes nearly nothing is in memory, neither in an outage nor while it is drained", async () => {
  const COUNT = 20_000;
  const MAX_BYTES = 3.2 * 1024 * 1024;
  const files = new CrashableFiles();
  const { b, clock, post, status, storage } = await startLife(files, DOWN, { segmentBytes: 1 << 18 });
  const pad = `,pad=${"x".repeat(200)}`;
  for (let first = 0; first < COUNT; first += 500) {
    const replies = upTo(first + 500, first).map((i) => post(line(i, pad)));
    await clock.advance(SPOOL.graceMs);
    for (const reply of replies) assert.equal((await reply).status, 204);
  }
  assert.equal(status().backlog.records, COUNT);
  // What is not in memory has to be read: all of it, and never much more than what was delivered.
  let [read, ahead, storedBytes] = [0, 0, 0];
  const { main } = storage.spool;
  const readMain = main.read.bind(main);
  main.read = async (...where) => {
    const chunk = await readMain(...where);
    for (const { body } of chunk.records) read += body.byteLength;
    ahead = Math.max(ahead, read - storedBytes);
    return chunk;
  };
  b.answer = ({ body }) => {
    storedBytes += body.byteLength;
    return httpAnswer(204);
  };
  await clock.advance(MINUTE);
  assert.deepEqual(numbersOf(b.stored), upTo(COUNT));
  assert.ok(read > 200 * (COUNT - 10), `${read} bytes were read`);
  assert.ok(ahead < MAX_BYTES, `${ahead} bytes were read and not delivered`);
});
