import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../src/observe/log.ts";
import { createTestPlatform } from "../support/test-platform.ts";

test("repeats of a throttled event are counted and told with the first one after ten seconds", async () => {
  const { log: sink, logged, clock } = createTestPlatform();
  const log = createLog(sink, clock);
  for (let i = 0; i < 5; i++) log.throttled("warn", "full", { backend: "a" }, "full a");
  log.throttled("warn", "full", { backend: "b" }, "full b");
  await clock.advance(10_000);
  log.throttled("warn", "full", { backend: "a" }, "full a");
  assert.deepEqual(
    logged.map(({ fields }) => fields),
    [{ backend: "a" }, { backend: "b" }, { backend: "a", repeated: 4 }],
  );
});

test("a flood of different throttled events is remembered within a bound", () => {
  const { log: sink, logged, clock } = createTestPlatform();
  const log = createLog(sink, clock);
  log.throttled("warn", "first");
  for (let i = 0; i < 1_000; i++) log.throttled("warn", `event ${i}`);
  log.throttled("warn", "first");
  assert.equal(logged.filter(({ event }) => event === "first").length, 2);
});
