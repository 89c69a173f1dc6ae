import assert from "node:assert/strict";
import { test } from "node:test";
import { State, type StateStore } from "../../src/recovery/state.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const NAMES = { source: "a", target: "b", deep: false };
const m = { db: "d", rp: "r", measurement: "m" };
const span = (start: number, end: number) => ({ start: BigInt(start), end: BigInt(end) });

function scene() {
  const clock = createVirtualClock();
  const store: StateStore & { text: string | undefined; saves: number } = {
    text: undefined,
    saves: 0,
    load: async () => store.text,
    save: async (text) => {
      store.text = text;
      store.saves++;
    },
    remove: async () => {
      store.text = undefined;
    },
  };
  const open = (names: typeof NAMES & { suspects?: string } = NAMES) => State.open(store, clock, names);
  return { clock, store, open };
}

test("what was begun and not finished is known to the next one", async () => {
  const { store, open } = scene();
  const first = await open();
  assert.ok(!first.continued);
  const leave = await first.enter([{ db: "d", rp: "r", window: span(0, 10) }]);
  leave();
  first.add({ points: 5, bytes: 7 });
  await first.enter([{ db: "d", rp: "r", window: span(10, 20) }]);
  const second = await open();
  assert.ok(second.continued);
  assert.deepEqual([second.totals.points, second.totals.bytes], [5, 7]);
  assert.ok(second.wasOpen(m, span(10, 20)) && second.wasOpen(m, span(19, 30)));
  assert.ok(!second.wasOpen(m, span(0, 10)) && !second.wasOpen({ ...m, rp: "x" }, span(10, 20)));
  // It is killed too, before it came to that window.
  await second.enter([{ db: "d", rp: "r", window: span(30, 40) }]);
  const third = await open();
  assert.ok(third.wasOpen(m, span(10, 20)) && third.wasOpen(m, span(30, 40)));
  await third.finish();
  assert.equal(store.text, undefined);
  assert.ok(!(await open()).continued);
});

test("what was verified is remembered, as few spans", async () => {
  const { store, open } = scene();
  const state = await open();
  for (const window of [span(0, 10), span(20, 30), span(10, 20), span(40, 50)])
    await state.verified(m, window);
  await state.enter([]);
  assert.equal(JSON.parse(store.text as string).verified[0].spans.length, 2);
  const next = await open();
  assert.ok(next.isVerified(m, span(5, 25)) && next.isVerified(m, span(40, 50)));
  assert.ok(!next.isVerified(m, span(25, 35)) && !next.isVerified({ ...m, measurement: "n" }, span(0, 10)));
});

test("where more became suspect, what was verified before does not count, however often it is interrupted", async () => {
  const { open } = scene();
  const first = await open({ ...NAMES, suspects: "1" });
  await first.verified(m, span(0, 10));
  await first.enter([]);
  assert.ok((await open({ ...NAMES, suspects: "1" })).isSuspectVerified(m, span(0, 10)));
  const second = await open({ ...NAMES, suspects: "2" });
  assert.ok(!second.isSuspectVerified(m, span(0, 10)) && second.isVerified(m, span(0, 10)));
  await second.verified(m, span(20, 30));
  await second.enter([]);
  const third = await open({ ...NAMES, suspects: "2" });
  assert.ok(!third.isSuspectVerified(m, span(0, 10)) && third.isSuspectVerified(m, span(20, 30)));
});

test("what is verified is saved at most once a second", async () => {
  const { clock, store, open } = scene();
  const state = await open();
  for (let i = 0; i < 100; i++) await state.verified(m, span(i, i + 1));
  assert.equal(store.saves, 1);
  await clock.advance(1_000);
  await state.verified(m, span(100, 101));
  assert.equal(store.saves, 2);
});

test("saves one after the other, and goes on after one that failed", async () => {
  const { store, open } = scene();
  const state = await open();
  let saving = 0;
  const { save } = store;
  let broken = true;
  store.save = async (text) => {
    assert.equal(saving++, 0, "two saves at once");
    await Promise.resolve();
    saving--;
    if (broken) throw new Error("no room");
    await save(text);
  };
  const windows = [0, 1, 2].map((at) => [{ db: "d", rp: "r", window: span(at, at + 1) }]);
  await assert.rejects(state.enter(windows[0] ?? []), /no room/);
  broken = false;
  await Promise.all(windows.map((window) => state.enter(window)));
  assert.equal(JSON.parse(store.text as string).open.length, 3);
});

test("what is of others, too old or damaged counts as none", async () => {
  const { clock, store, open } = scene();
  await (await open()).enter([{ db: "d", rp: "r", window: span(0, 10) }]);
  assert.ok(!(await open({ ...NAMES, target: "c" })).continued);
  assert.ok(!(await open({ ...NAMES, deep: true })).continued);
  assert.ok((await open()).continued);
  await clock.advance(25 * 3_600_000);
  assert.ok(!(await open()).continued);
  for (const text of ["", "{", "{}", '{"version":2}']) {
    store.text = text;
    assert.ok(!(await open()).continued);
  }
});
