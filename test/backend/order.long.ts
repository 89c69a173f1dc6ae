import { test } from "node:test";
import fc from "fast-check";
import { anyCase, runCase } from "./order-model.ts";

test("the model of the lanes holds in fifty thousand cases", async () => {
  await fc.assert(fc.asyncProperty(anyCase, runCase), { numRuns: 50_000 });
});
