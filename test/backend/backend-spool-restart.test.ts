import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "../../src/backend/dead-letters.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { httpAnswer, influxError } from "../support/test-platform.ts";
import { type Answer, DOWN, dbOf, line, numbersOf, startLife, UP, upTo } from "./spool-life.ts";

const MINUTE = 60_000;
const SETTLE_MS = 10_000;
const CANARY = "Token canary-51c8";

/** Everything that is on the disk, as text. */
async function textOf(files: CrashableFiles): Promise<string> {
  const decoder = new TextDecoder("latin1");
  let text = "";
  for (const name of ["a", "b"]) {
    const directory = files.directory(name);
    for (const { name: file, size } of await directory.list()) {
      const open = await directory.open(file);
      text += decoder.decode(await open.read(0, size));
      await open.close();
    }
  }
  return text;
}

const without =
  (db: string): Answer =>
  (request) =>
    dbOf(request) === db ? influxError(404, "database not found") : httpAnswer(204);

test("what is held for a database survives a crash, and is delivered once the database is there", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files, without("d"));
  for (const i of upTo(5)) await first.write(line(i));
  await first.write(line(5), { db: "e" });
  await first.clock.advance(1_000);
  const next = await startLife(files.crashClone("kill", 1), without("d"));
  await next.clock.advance(MINUTE);
  const held = next.status().held.map(({ db, records, status, error }) => [db, records, status, error]);
  assert.deepEqual(held, [["d", 5, 404, "database not found"]]);
  await next.write(line(6));
  await next.write(line(7), { db: "e" });
  assert.deepEqual(numbersOf(next.b.stored), [7]);
  next.b.answer = UP;
  await next.clock.advance(MINUTE);
  assert.deepEqual(numbersOf(next.b.stored), [7, ...upTo(5), 6]);
  assert.deepEqual([next.status().held, next.status().backlog.records], [[], 0]);
});

test("after a kill a backlog waits until the backend must have settled, and what may have been in flight is suspect", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files, DOWN);
  for (const i of upTo(3)) await first.write(line(i));
  const next = await startLife(files.crashClone("kill", 1), UP);
  await next.clock.advance(SETTLE_MS - 1);
  assert.deepEqual(next.b.sent, []);
  await next.clock.advance(1);
  assert.deepEqual(numbersOf(next.b.stored), upTo(3));
  assert.deepEqual(next.status().suspect, [{ db: "d", rp: "", min: "0", max: "2" }]);
});

test("after an orderly stop with nothing in flight a backlog is sent at once, and nothing is suspect", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files, DOWN);
  for (const i of upTo(3)) await first.write(line(i));
  await first.clock.advance(MINUTE);
  await first.stop();
  const next = await startLife(files, UP);
  await next.clock.advance(0);
  assert.deepEqual(numbersOf(next.b.stored), upTo(3));
  assert.deepEqual(next.status().suspect, []);
});

test("after an orderly stop with a request in flight a backlog waits as after a kill", async () => {
  const files = new CrashableFiles();
  const hangs: Answer = () => new Promise<never>(() => {});
  const first = await startLife(files, hangs);
  await first.write(line(1));
  await first.stop();
  const next = await startLife(files, UP);
  await next.clock.advance(SETTLE_MS - 1);
  assert.deepEqual(next.b.sent, []);
  await next.clock.advance(1);
  assert.deepEqual(numbersOf(next.b.stored), [1]);
});

test("a write with a client's credentials that must not be stored is in no file, and survives an outage in memory", async () => {
  const files = new CrashableFiles();
  const spool = { storeCredentials: false };
  const { b, backend, clock, write } = await startLife(files, DOWN, { spool });
  const credentials = { authorization: CANARY };
  await write(line(1, ",t=secret"), { credentials });
  await write(line(2, ",t=public"));
  b.answer = without("d");
  await clock.advance(MINUTE);
  await write(line(3, ",t=secret"), { credentials });
  const text = await textOf(files);
  assert.ok(text.includes("t=public"), "what has none is stored");
  for (const secret of ["canary", "t=secret"]) assert.ok(!text.includes(secret), secret);
  assert.equal(backend.volatile.records, 2);
  b.answer = UP;
  b.sent.length = 0;
  await clock.advance(MINUTE);
  const sent = b.sent.flatMap(({ lines, authorization }) => lines.map((each) => [each, authorization]));
  assert.deepEqual(sent.toSorted(), [
    [line(2, ",t=public"), undefined],
    [line(1, ",t=secret"), CANARY],
    [line(3, ",t=secret"), CANARY],
  ]);
  assert.equal(backend.volatile.records, 0);
  assert.ok(!(await textOf(files)).includes("canary"));
});

test("credentials that may be stored survive a crash, with the write that came with them", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files, DOWN);
  await first.write(line(1), { credentials: { authorization: CANARY } });
  await first.write(line(2), { credentials: { authorization: "Token other" } });
  const next = await startLife(files.crashClone("kill", 1), UP);
  await next.clock.advance(MINUTE);
  const sent = next.b.sent.map(({ lines, authorization }) => [...lines, authorization]);
  assert.deepEqual(sent, [
    [line(1), CANARY],
    [line(2), "Token other"],
  ]);
});

test("what is dropped from the backlog counts as lost, and does not come again after a restart", async () => {
  const files = new CrashableFiles();
  const { backend, write, status } = await startLife(files, DOWN);
  for (const i of upTo(20)) await write(line(i), { db: i % 2 === 0 ? "d" : "e" });
  assert.equal(await backend.drop("main", ({ db }) => db === "d"), 10);
  const { counters, lost, backlog } = status();
  assert.deepEqual([counters.lostRecords, backlog.records], [10, 10]);
  assert.deepEqual(lost, [{ db: "d", rp: "", min: "0", max: "18" }]);
  await write(line(20));
  const next = await startLife(files.crashClone("kill", 1), UP);
  await next.clock.advance(MINUTE);
  const expected = [...upTo(20).filter((i) => i % 2 === 1), 20];
  assert.deepEqual(
    numbersOf(next.b.stored).toSorted((x, y) => x - y),
    expected,
  );
  assert.deepEqual(next.status().lost, lost);
});

test("what is dropped of a held database counts as lost, and does not come again after a restart", async () => {
  const files = new CrashableFiles();
  const { backend, write, status, clock } = await startLife(files, without("d"));
  for (const i of upTo(5)) await write(line(i));
  await clock.advance(MINUTE);
  assert.equal(await backend.drop("main", () => true), 0);
  assert.equal(await backend.drop("hold", ({ db }) => db === "e"), 0);
  assert.equal(await backend.drop("hold", ({ db }) => db === "d"), 5);
  assert.deepEqual([status().counters.lostRecords, status().backlog.records], [5, 0]);
  const next = await startLife(files.crashClone("kill", 1), UP);
  await next.clock.advance(MINUTE);
  assert.deepEqual([next.b.stored, next.status().held], [[], []]);
  assert.deepEqual(next.status().lost, [{ db: "d", rp: "", min: "0", max: "4" }]);
});

test("dead letters that are replayed are delivered and gone, also after a restart; the others stay", async () => {
  const files = new CrashableFiles();
  const rejects: Answer = ({ text }) =>
    text.includes("bad") ? influxError(400, "partial write: field type conflict") : httpAnswer(204);
  const { b, backend, clock, write, status, deadLetters } = await startLife(files, rejects);
  for (const i of upTo(3)) await write(line(i, ",t=bad"));
  await write(line(3, ",t=bad"), { db: "e" });
  await clock.advance(MINUTE);
  const letters = await deadLetters();
  assert.deepEqual(
    letters.map((letter) => [letter.destination.db, verdictOf(letter)?.reason, verdictOf(letter)?.status]),
    [...upTo(3).map(() => ["d", "rejected", 400]), ["e", "rejected", 400]],
  );
  b.answer = UP;
  assert.equal(await backend.replay(({ db }) => db === "d"), 3);
  await clock.advance(MINUTE);
  assert.deepEqual(numbersOf(b.stored), upTo(3));
  assert.deepEqual([status().deadLetters?.records, status().backlog.records], [1, 0]);
  const next = await startLife(files.crashClone("kill", 1), UP);
  await next.clock.advance(MINUTE);
  assert.deepEqual([next.b.stored, next.status().deadLetters?.records], [[], 1]);
  assert.equal(await next.backend.replay(() => true), 1);
  await next.clock.advance(MINUTE);
  assert.deepEqual(numbersOf(next.b.stored), [3]);
  // Its file is there still, for the next one to be added.
  const last = await startLife(next.files.crashClone("kill", 2), UP);
  assert.equal(last.status().deadLetters?.records, 0);
});

test("a crash right after a replay loses none of it", async () => {
  const files = new CrashableFiles();
  const { b, backend, write, clock } = await startLife(files, () => influxError(400, "field type conflict"));
  for (const i of upTo(3)) await write(line(i));
  b.answer = DOWN;
  await write(line(3), { db: "e" });
  const replayed = backend.replay(() => true);
  await clock.advance(1_000);
  assert.equal(await replayed, 3);
  const next = await startLife(files.crashClone("kill", 1), UP);
  await next.clock.advance(MINUTE);
  assert.deepEqual(numbersOf(next.b.stored).toSorted(), upTo(4));
});
