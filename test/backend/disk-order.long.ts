import { test } from "node:test";
import fc from "fast-check";
import { anyDiskCase, runCase } from "./order-model.ts";

test("the model of the lanes over a disk that fails and crashes holds in twenty thousand cases", async () => {
  await fc.assert(fc.asyncProperty(anyDiskCase, runCase), { numRuns: 20_000 });
});
