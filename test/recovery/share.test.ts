import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuiet } from "../../src/recovery/quiet.ts";
import { Share } from "../../src/recovery/share.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

test("questions take a twentieth of the time", async () => {
  const clock = createVirtualClock();
  const share = new Share(clock, 5, new AbortController().signal);
  const question = () => new Promise<void>((resolve) => void clock.after(100, resolve));
  let asked = 0;
  const all = (async () => {
    for (; asked < 10; asked++) await share.ask(question);
  })();
  await clock.advance(9_999);
  assert.equal(asked, 5);
  await clock.advance(8_101);
  await all;
  assert.equal(asked, 10);
});

test("a pause ends with the signal, and a question that fails costs one as well", async () => {
  const clock = createVirtualClock();
  const abort = new AbortController();
  const share = new Share(clock, 5, abort.signal);
  let settled = false;
  const failing = share
    .ask(async () => {
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      throw new Error("no");
    })
    .catch(() => {
      settled = true;
    });
  await clock.advance(10);
  await failing;
  assert.ok(settled);
  let answered = false;
  const next = share.ask(async () => {
    answered = true;
  });
  await clock.advance(189);
  assert.equal(answered, false);
  abort.abort(new Error("stop"));
  await assert.rejects(next, { message: "stop" });
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

/** How long each piece takes of a server that needs so much for any question, and 1 ms for each 1,000 of what it is about. */
async function pieces(overheadMs: number, length: bigint, times = 1): Promise<number[]> {
  const clock = createVirtualClock();
  const share = new Share(clock, 25, new AbortController().signal);
  let found: { start: bigint; end: bigint; ms: number }[] = [];
  for (let i = 0; i < times; i++) {
    found = [];
    const span = { start: 5n, end: 5n + length };
    const all = share.inPieces("m", span, async ({ start, end }, ask) => {
      const ms = overheadMs + Number(end - start) / 1_000;
      await ask(() => new Promise<void>((resolve) => void clock.after(ms, resolve)));
      found.push({ start, end, ms });
    });
    await clock.advance(1_000_000);
    const atOnceMs = await all;
    assert.ok(atOnceMs <= overheadMs + Number(length) / 1_000 + 1, `${atOnceMs} ms at once`);
    if (i === 0) assert.ok(atOnceMs >= overheadMs + Number(length) / 1_000 - 1, `${atOnceMs} ms at once`);
    assert.deepEqual([found[0]?.start, found.at(-1)?.end], [5n, 5n + length]);
    for (const [at, { start }] of found.slice(1).entries()) assert.equal(start, found[at]?.end);
  }
  return found.map(({ ms }) => ms);
}

test("a long question is asked in pieces, each of which takes little time", async () => {
  const first = await pieces(0.5, 200_000n);
  assert.ok(first.length < 40, first.join(" "));
  assert.ok(
    first.every((ms) => ms < 16),
    first.join(" "),
  );
  const later = await pieces(0.5, 2_000_000n, 2);
  assert.ok(later.length > 150, String(later.length));
  assert.ok(
    later.every((ms) => ms <= 20),
    later.join(" "),
  );
});

test("where a question costs much however small it is, the pieces become larger", async () => {
  const times = await pieces(100, 1_000_000n);
  assert.ok(times.length < 20, times.join(" "));
  assert.ok(
    times.every((ms) => ms < 400),
    times.join(" "),
  );
});
