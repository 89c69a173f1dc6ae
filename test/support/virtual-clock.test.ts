import assert from "node:assert/strict";
import { test } from "node:test";
import { createVirtualClock } from "./virtual-clock.ts";

test("timers run at their own time, in order of time and then of creation", async () => {
  const clock = createVirtualClock({ startMs: 1_000 });
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.monotonic()}/${clock.now()}`);
  clock.after(20, note("late"));
  clock.after(10, note("first"));
  clock.after(10, note("second"));
  clock.after(31, note("never"));
  clock.after(5, note("cancelled")).cancel();
  await clock.advance(30);
  assert.deepEqual(seen, ["first@10/1010", "second@10/1010", "late@20/1020"]);
  assert.equal(clock.monotonic(), 30);
  assert.equal(clock.pending, 1);
});

test("a timer that starts another in the same advance, through a long chain of promises", async () => {
  const clock = createVirtualClock();
  let rounds = 0;
  async function work(): Promise<void> {
    for (let i = 0; i < 500; i++) await null;
    rounds++;
    clock.after(10, work);
  }
  clock.after(10, work);
  await clock.advance(50);
  assert.equal(rounds, 5);
});

test("a jump of the wall clock leaves the monotonic clock and the timers alone", async () => {
  const clock = createVirtualClock({ startMs: 1_767_225_600_000 });
  let ran = false;
  clock.after(10, () => {
    ran = true;
  });
  clock.wallJump(-3_600_000);
  assert.equal(clock.nowNs(), 1_767_222_000_000_000_000n);
  await clock.advance(9);
  assert.equal(ran, false);
  await clock.advance(1.5);
  assert.equal(ran, true);
  assert.equal(clock.nowNs(), 1_767_222_000_010_500_000n);
});
