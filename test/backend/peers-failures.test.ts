import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import type { Reply } from "../../src/writer.ts";
import { CrashableFiles, failNth } from "../support/crashable-files.ts";
import { createTestPlatform, httpAnswer } from "../support/test-platform.ts";
import { openCrashable } from "./crashable-storage.ts";
import { createReplicaSet, SPOOL } from "./replica-set.ts";

// Each test is named after what an older relay or queue does wrong in the same situation.

const MINUTE = 60_000;
type Weather = "up" | "slow" | "refused" | "hung";
/** So long a slow server takes for a request. */
const SLOW_MS = 70;

/** One life of a relay with a spool in these files, over a server `a` that is up and a server `b`. */
async function start(files: CrashableFiles, weather: Weather) {
  const b = { weather, stored: [] as string[] };
  const atA: string[] = [];
  const platform = createTestPlatform({
    http: async ({ origin, method, text }) => {
      const lines = method === "POST" ? text.trimEnd().split("\n") : [];
      if (origin === "http://a") {
        atA.push(...lines);
        return httpAnswer(204);
      }
      if (b.weather === "refused") throw new TransportError("refused", false, "connection refused");
      if (b.weather === "hung") return new Promise<never>(() => {});
      if (b.weather === "slow") await new Promise<void>((resolve) => platform.clock.after(SLOW_MS, resolve));
      b.stored.push(...lines);
      return httpAnswer(204);
    },
  });
  const storages = await openCrashable(files, ["a", "b"], platform);
  const { backends, post, clock } = createReplicaSet(() => httpAnswer(204), { platform, storages });
  for (const backend of backends) await backend.open();

  /** The lines that were acknowledged, and the statuses of the others. */
  const told: string[] = [];
  const refused: number[] = [];
  async function write(...numbers: readonly number[]): Promise<void> {
    for (const i of numbers) {
      const line = `m v="${"x".repeat(50)}" ${i}`;
      const reply = post(line);
      await clock.advance(1_000);
      const { status } = await reply;
      if (status === 204) told.push(line);
      else refused.push(status);
    }
  }
  const status = () => backends[1]?.status() ?? assert.fail();
  return { a: { stored: atA }, b, clock, post, write, told, refused, status };
}

const numbers = (lines: readonly string[]) => lines.map((line) => Number(line.split(" ").at(-1)));

test("the disk is full in the middle of a record: who is told so far has it delivered, and it goes on with room", async () => {
  const files = new CrashableFiles();
  const { a, b, clock, write, told, refused, status } = await start(files, "refused");
  await write(1, 2, 3, 4, 5);
  // One more record and a part of the next.
  files.quota = files.usedBytes + 200;
  await write(6, 7, 8);
  assert.equal(files.usedBytes, files.quota, "the disk is full");
  assert.deepEqual(refused, [503, 503]);
  assert.equal(status().counters.notStored, 2);
  files.quota = Number.POSITIVE_INFINITY;
  await write(9);
  assert.deepEqual(numbers(told), [1, 2, 3, 4, 5, 6, 9]);
  b.weather = "up";
  await clock.advance(MINUTE);
  // Also what was refused: the other server has it.
  assert.deepEqual(b.stored, a.stored);
  assert.deepEqual([status().backlog.records, status().counters.damaged], [0, 0]);
});

test("the disk is full in the middle of a record, and the relay is killed: the next one delivers all that was acknowledged", async () => {
  for (let room = 0; room < 400; room += 37) {
    const files = new CrashableFiles();
    const first = await start(files, "refused");
    await first.write(1, 2, 3);
    files.quota = files.usedBytes + room;
    await first.write(4, 5, 6);
    assert.ok(first.refused.length > 0);
    const left = files.crashClone("kill", room);
    left.quota = Number.POSITIVE_INFINITY;
    const { b, clock, write, told } = await start(left, "refused");
    await write(7);
    b.weather = "up";
    await clock.advance(MINUTE);
    const expected = [...first.told, ...told];
    assert.deepEqual(b.stored, expected, `${room} bytes`);
    assert.equal(numbers(expected).at(-1), 7);
  }
});

test("a reader that meets a half-written record delivers what is before it and what comes after it", async () => {
  const files = new CrashableFiles();
  const { b, clock, write, told, status } = await start(files, "refused");
  await write(1, 2, 3);
  // Half of the record stays there: it cannot be cut off either.
  const half = failNth(1, ({ op, name }) => op === "append" && name.startsWith("main-"), {
    failure: "io",
    written: 0.5,
  });
  files.fault = (call) => half(call) ?? (call.op === "truncate" ? { failure: "io" } : undefined);
  await write(4, 5);
  b.weather = "up";
  await clock.advance(MINUTE);
  b.weather = "refused";
  await write(6, 7);
  b.weather = "up";
  await clock.advance(MINUTE);
  assert.deepEqual(numbers(told), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(b.stored, told);
  assert.deepEqual([status().backlog.records, status().counters.damaged], [0, 0]);
});

test("large writes that come while the backlog before them is read do not stop its delivery", async () => {
  const { a, b, clock, post, status } = await start(new CrashableFiles(), "refused");
  const write = async (i: number) => {
    let reply: Reply | undefined;
    void post(`m v="${"x".repeat(300_000)}" ${i}`).then((answer) => {
      reply = answer;
    });
    for (let ms = 0; reply === undefined && ms < 1_000; ms++) await clock.advance(1);
    assert.equal(reply?.status, 204);
  };
  for (let i = 0; i < 10; i++) await write(i);
  b.weather = "slow";
  while (b.stored.length === 0) await clock.advance(10);
  for (let i = 10; i < 30; i++) await write(i);
  await clock.advance(10 * MINUTE);
  assert.deepEqual(numbers(b.stored), numbers(a.stored));
  assert.equal(status().backlog.records, 0);
});

test("a backend that never answers costs a write the grace at most, and nothing once it is down", async () => {
  const { clock, post, status } = await start(new CrashableFiles(), "hung");
  /** The milliseconds after which a write is answered, up to ten times the grace. */
  async function latency(i: number): Promise<number> {
    let reply: Reply | undefined;
    void post(`m v=${i} ${i}`).then((answer) => {
      reply = answer;
    });
    await clock.advance(0);
    for (let ms = 0; ms <= 10 * SPOOL.graceMs; ms++) {
      if (reply !== undefined) {
        assert.equal(reply.status, 204);
        return ms;
      }
      await clock.advance(1);
    }
    return Number.POSITIVE_INFINITY;
  }
  const unknown: number[] = [];
  for (let i = 0; i < 5; i++) unknown.push(await latency(i));
  assert.ok(Math.max(...unknown) <= SPOOL.graceMs, `${unknown}`);
  await clock.advance(MINUTE);
  assert.equal(status().state, "down");
  for (let i = 5; i < 10; i++) assert.equal(await latency(i), 0);
  assert.equal(status().backlog.records, 10);
});
