import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurn } from "../../src/recovery/parallel.ts";

test("what is run in turn begins when what was given before has ended, also if that failed", async () => {
  const turn = inTurn();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const runs = [
    turn(async () => {
      seen.push("first begins");
      await first.promise;
      seen.push("first ends");
      throw new Error("first failed");
    }),
    turn(async () => {
      seen.push("second");
      return 2;
    }),
  ];
  const results = Promise.allSettled(runs);
  first.resolve();
  const [failed, second] = await results;
  assert.equal(failed?.status, "rejected");
  assert.deepEqual(second, { status: "fulfilled", value: 2 });
  assert.deepEqual(seen, ["first begins", "first ends", "second"]);
});
