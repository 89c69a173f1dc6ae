import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { CORPUS } from "../influxql/corpus.ts";
import { anyDamaged } from "../influxql/damaged.ts";
import { DATABASE } from "../influxql/data-set.ts";
import { anyReading } from "../influxql/grammar.ts";
import { anyMutating } from "../influxql/grammar-mutating.ts";
import { requireReal } from "../support/require-real.ts";
import { checkMutating, checkReading, checkUnexecuted, problemsOf } from "./influxql-checks.ts";
import { type Oracle, startOracle } from "./influxql-oracle.ts";

describe("InfluxQL", { skip: requireReal("influxd") }, () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
  let oracle: Oracle;
  before(async () => {
    console.log(`SEED=${seed}`);
    oracle = await startOracle();
  });
  after(() => oracle?.close());

  const none = async (problems: Promise<string[]>) => assert.deepEqual(await problems, []);

  test("the corpus's changing statements are answered as is noted, and do the same when printed", () => {
    const entries = CORPUS.filter(({ kind }) => kind === "mutate");
    return none(problemsOf(entries, 1, (entry) => checkMutating(oracle, entry, entry.answer)));
  });

  test("ten thousand generated reading statements mean the same when printed", () => {
    const statements = fc.sample(anyReading, { numRuns: 10_000, seed });
    return none(problemsOf(statements, 4, (q) => checkReading(oracle, { q, db: DATABASE })));
  });

  test("five hundred generated changing statements do the same when printed", () => {
    const statements = fc.sample(anyMutating, { numRuns: 500, seed });
    return none(problemsOf(statements, 1, (q) => checkMutating(oracle, { q, family: "into" })));
  });

  test("fifty thousand damaged texts are refused in InfluxDB's words", () => {
    const texts = fc.sample(anyDamaged, { numRuns: 50_000, seed });
    return none(problemsOf(texts, 4, (text) => checkUnexecuted(oracle, text)));
  });
});
