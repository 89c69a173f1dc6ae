import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemoryLog } from "../../src/spool/memory-log.ts";
import { newRecord, readAll, testSpoolLog } from "./log-conformance.ts";

const EMPTY = new Uint8Array(0);

testSpoolLog("memory log", async () => ({ log: new MemoryLog() }), { credentials: true });

test("memory log: a record that is done is free at once, and one body costs its bytes and 800", () => {
  const log = new MemoryLog();
  for (let index = 0; index < 3; index++) log.append(newRecord("12345"));
  assert.equal(log.bytes, 3 * 805);
  log.done(1);
  assert.deepEqual([log.bytes, log.first], [2 * 805, 0]);
  log.done(0);
  assert.deepEqual([log.bytes, log.first], [805, 2]);
  log.done(2);
  assert.deepEqual([log.bytes, log.first, log.oldest()], [0, 3, undefined]);
});

test("memory log: reads the very bytes that were appended", async () => {
  const log = new MemoryLog();
  const record = newRecord("m v=1 1", {
    destination: { db: "d", rp: "", precision: "", credentials: { authorization: "Token t" } },
  });
  log.append(record);
  const [read] = await readAll(log);
  assert.equal(read?.body, record.body);
  assert.equal(read?.destination, record.destination);
});

test("memory log: the oldest part is about one per cent of the bytes", () => {
  const log = new MemoryLog();
  for (let index = 0; index < 1_000; index++) log.append(newRecord("x".repeat(200)));
  assert.equal(log.oldest(), 10);
  log.trim(990);
  assert.equal(log.oldest(), 991);
});

test("memory log: one record that stays does not make those behind it slow", async () => {
  const log = new MemoryLog();
  log.append(newRecord("stays"));
  for (let turn = 0; turn < 200_000; turn++) log.done(log.append(newRecord(EMPTY)));
  // Going through all places that there ever were takes 11 s for all of these, and a moment else.
  const started = performance.now();
  for (let turn = 0; turn < 5_000; turn++) {
    assert.equal(log.oldest(), 1);
    assert.equal((await log.read(1, 100)).records.length, 0);
  }
  assert.ok(performance.now() - started < 4_000);
});

test("memory log: agrees with a plain list, whatever is done in whatever order", async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("append" as const), at: fc.nat(40) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("done" as const), at: fc.nat(400) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("trim" as const), at: fc.nat(400) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 400, size: "max" }), fc.nat(400), async (steps, from) => {
      const log = new MemoryLog();
      let model: number[] = [];
      let next = 0;
      for (const { do: what, at } of steps) {
        if (what === "append") {
          for (let index = 0; index < at; index++) model.push(log.append(newRecord("12345")));
          next += at;
        } else if (what === "done") {
          log.done(at);
          model = model.filter((seq) => seq !== at);
        } else {
          log.trim(at);
          model = model.filter((seq) => seq >= at);
        }
        assert.deepEqual([log.next, log.first, log.bytes], [next, model[0] ?? next, model.length * 805]);
      }
      const read = await readAll(log, from, 50);
      assert.deepEqual(
        read.map(({ seq }) => seq),
        model.filter((seq) => seq >= from),
      );
    }),
    { numRuns: 60 },
  );
});
