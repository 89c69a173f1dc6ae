import { test } from "node:test";
import { crashEverywhere } from "./segment-log-crash.ts";
import { flipBits, truncateAtBytes } from "./segment-log-damage.ts";
import { failEverywhere } from "./segment-log-faults.ts";

test("what was acknowledged survives a crash at any call: 500 seeds", async () => {
  for (let seed = 0; seed < 500; seed++) await crashEverywhere(seed);
});

test("a segment that is cut off at any byte costs only its end", () => truncateAtBytes(() => true));
test("any changed bit costs at most one record", () => flipBits(() => true));

test("nothing acknowledged is lost when any call fails: 30 seeds", async () => {
  for (let seed = 0; seed < 30; seed++) await failEverywhere(seed);
});
