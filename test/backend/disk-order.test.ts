import { test } from "node:test";
import fc from "fast-check";
import { anyDiskCase, runCase } from "./order-model.ts";

test("whatever the backends do, and however often the relay or the machine dies: what was acknowledged is everywhere in the end, in order", async () => {
  await fc.assert(fc.asyncProperty(anyDiskCase, runCase), { numRuns: 100 });
});
