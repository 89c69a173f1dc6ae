import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerError } from "../../src/recovery/errors.ts";
import { inParallel } from "../../src/recovery/parallel.ts";
import { Patience } from "../../src/recovery/patience.ts";
import { Meter } from "../../src/recovery/progress.ts";
import { RateLimit } from "../../src/recovery/rate-limit.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const { signal } = new AbortController();

test("no more than the limit goes through, in points and in bytes", async () => {
  for (const limits of [{ pointsPerSecond: 1_000 }, { bytesPerSecond: 10_000 }]) {
    const clock = createVirtualClock();
    const limit = new RateLimit(clock, limits);
    let passed = 0;
    void (async () => {
      for (; passed < 100; passed++) await limit.pass(500, 5_000, signal);
    })();
    await clock.advance(10_000);
    assert.ok(passed >= 20 && passed <= 22, `${passed} of half a second each in ten seconds`);
  }
});

test("nothing waits without a limit, and an abort ends the waiting", async () => {
  const clock = createVirtualClock();
  await new RateLimit(clock, {}).pass(1e9, 1e12, signal);
  const abort = new AbortController();
  const limit = new RateLimit(clock, { pointsPerSecond: 1 });
  await limit.pass(1_000, 0, abort.signal);
  const waiting = limit.pass(1, 0, abort.signal);
  abort.abort(new Error("stop"));
  await assert.rejects(waiting, /stop/);
});

test("patience tries again while a server is unavailable, and only then", async () => {
  const clock = createVirtualClock();
  const patience = new Patience(clock, () => 0.5, 3_000);
  const failing = (failure: ServerError["failure"], times: number) => {
    let left = times;
    return async () => {
      if (left-- > 0) throw new ServerError("a", failure, "no");
      return left;
    };
  };
  const twice = patience.with(failing("unavailable", 2), signal);
  await clock.advance(2_000);
  assert.equal(await twice, -1);
  await assert.rejects(patience.with(failing("query", 1), signal), ServerError);
  await assert.rejects(patience.with(failing("refused", 1), signal), ServerError);
  let error: unknown;
  patience.with(failing("unavailable", 1_000), signal).catch((reason) => {
    error = reason;
  });
  await clock.advance(10_000);
  assert.ok(error instanceof ServerError);
});

test("work in parallel ends with the first error, when what runs has ended", async () => {
  const done: number[] = [];
  const steps = [1, 2, 3, 4, 5].map((at) => ({ at, ...Promise.withResolvers<void>() }));
  const all = inParallel(steps, 2, async ({ at, promise }) => {
    await promise;
    done.push(at);
  });
  const failed = assert.rejects(all, /second/);
  steps[1]?.reject(new Error("second"));
  await new Promise((resolve) => queueMicrotask(() => resolve(undefined)));
  steps[0]?.resolve();
  await failed;
  assert.deepEqual(done, [1], "no third one began");
});

test("the meter tells the rate of the last seconds and what is left", async () => {
  const clock = createVirtualClock();
  const meter = new Meter(clock);
  meter.begin("comparing", 10);
  assert.equal(meter.read().leftMs, undefined);
  await clock.advance(1_000);
  meter.done = 4;
  assert.equal(meter.read().leftMs, 1_500);
  meter.begin("copying", 3);
  meter.pointsToCopy = 100_000;
  for (let at = 0; at < 40; at++) {
    meter.stored(1_000, 50_000);
    await clock.advance(500);
  }
  const { points, bytes, pointsPerSecond, leftMs } = meter.read();
  assert.deepEqual([points, bytes], [40_000, 2_000_000]);
  assert.ok(Math.abs(pointsPerSecond - 2_000) < 150, `${pointsPerSecond} points/s`);
  assert.ok(Math.abs((leftMs ?? 0) - 30_000) < 2_500, `${leftMs} ms`);
});
