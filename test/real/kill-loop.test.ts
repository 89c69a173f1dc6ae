import { describe, test } from "node:test";
import { requireReal } from "../support/require-real.ts";
import { killLoop, seedOf } from "./kill-loop.ts";

/** Of each. */
const ROUNDS = 4;

describe("a relay that is killed again and again", {
  skip: requireReal("influxd"),
  concurrency: true,
}, () => {
  for (const consistency of ["one", "any"] as const) {
    test(`loses nothing that it acknowledged with consistency "${consistency}"`, async (t) => {
      const seed = seedOf();
      t.diagnostic(`SEED=${seed}`);
      t.diagnostic(`${await killLoop({ consistency, rounds: ROUNDS, seed })} writes were acknowledged`);
    });
  }
});
