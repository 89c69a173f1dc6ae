import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_VIEWERS, Viewers } from "../../../src/admin/page/viewers.ts";
import { createLog } from "../../../src/observe/log.ts";
import { createTestPlatform } from "../../support/test-platform.ts";

function fixture() {
  const { clock, log, logged } = createTestPlatform();
  const state = { made: 0, failing: false };
  const viewers = new Viewers({
    ...{ clock, log: createLog(log, clock) },
    take: async () => {
      if (state.failing) throw new Error("no snapshot");
      return new TextEncoder().encode(String(++state.made));
    },
  });
  const join = () => viewers.add() ?? assert.fail("no place");
  const read = async (viewer: ReturnType<typeof join>) => new TextDecoder().decode(await viewer.read());
  return { viewers, clock, logged, state, join, read };
}

test("a snapshot is made once a second for all viewers, and none while there is nobody", async () => {
  const { clock, state, join, read } = fixture();
  await clock.advance(5_000);
  assert.deepEqual([state.made, clock.pending], [0, 0]);
  const first = join();
  assert.equal(await read(first), "1");
  const second = join();
  assert.equal(await read(second), "1");
  await clock.advance(1_000);
  assert.deepEqual([await read(first), await read(second), state.made], ["2", "2", 2]);
  first.cancel();
  second.cancel();
  await clock.advance(5_000);
  assert.deepEqual([state.made, clock.pending], [2, 0]);
});

test("a slow viewer skips snapshots, and one that takes none for long gives his place away", async () => {
  const { clock, viewers, join, read } = fixture();
  const slow = join();
  await clock.advance(10_000);
  assert.equal(await read(slow), "11");
  for (let i = 1; i < MAX_VIEWERS; i++) join();
  assert.equal(viewers.add(), undefined);
  await clock.advance(40_000);
  assert.ok(viewers.add());
  assert.equal(await slow.read(), undefined);
});

test("there are only so many viewers, and the log says that one was sent away", () => {
  const { viewers, logged, join } = fixture();
  const all = Array.from({ length: MAX_VIEWERS }, join);
  assert.equal(viewers.add(), undefined);
  assert.deepEqual(
    logged.map(({ event }) => event),
    ["too-many-viewers"],
  );
  all[3]?.cancel();
  assert.ok(viewers.add());
});

test("the end of all ends who waits, and leaves no timer", async () => {
  const { clock, viewers, join, read } = fixture();
  const viewer = join();
  await read(viewer);
  const waiting = viewer.read();
  viewers.end();
  assert.equal(await waiting, undefined);
  await clock.advance(0);
  assert.equal(clock.pending, 0);
});

test("a snapshot that cannot be made is logged, and the next one comes", async () => {
  const { clock, logged, state, join, read } = fixture();
  state.failing = true;
  const viewer = join();
  await clock.advance(0);
  assert.equal(logged[0]?.event, "status-page-failed");
  state.failing = false;
  await clock.advance(1_000);
  assert.equal(await read(viewer), "1");
});
