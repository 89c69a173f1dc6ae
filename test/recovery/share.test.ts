import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuiet } from "../../src/recovery/quiet.ts";
import { Share } from "../../src/recovery/share.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

test("questions take a twentieth of the time", async () => {
  const clock = createVirtualClock();
  const share = new Share(clock, new AbortController().signal);
  const question = () => new Promise<void>((resolve) => void clock.after(100, resolve));
  let asked = 0;
  const all = (async () => {
    for (; asked < 10; asked++) await share.ask(question);
  })();
  await clock.advance(9_999);
  assert.equal(asked, 4);
  await clock.advance(10_001);
  await all;
  assert.equal(asked, 10);
});

test("a pause ends with the signal, and a question that fails costs one as well", async () => {
  const clock = createVirtualClock();
  const abort = new AbortController();
  const share = new Share(clock, abort.signal);
  let settled = false;
  const failing = share
    .ask(async () => {
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      throw new Error("no");
    })
    .catch(() => {
      settled = true;
    });
  await clock.advance(100);
  assert.equal(settled, false);
  await clock.advance(100);
  await failing;
  abort.abort(new Error("stop"));
  await assert.rejects(
    share.ask(async () => 1),
    { message: "stop" },
  );
});

test("quiet hours may go over midnight", () => {
  const at = (hour: number, minute = 0) => Date.UTC(2026, 0, 1, hour, minute);
  const night = { fromMinute: 22 * 60, untilMinute: 6 * 60 };
  assert.deepEqual(
    [21, 22, 23, 0, 5, 6, 12].map((hour) => isQuiet(night, at(hour))),
    [false, true, true, true, true, false, false],
  );
  const noon = { fromMinute: 12 * 60, untilMinute: 13 * 60 };
  assert.deepEqual(
    [at(11, 59), at(12), at(12, 59), at(13)].map((ms) => isQuiet(noon, ms)),
    [false, true, true, false],
  );
  assert.equal(isQuiet(undefined, at(0)), false);
});
