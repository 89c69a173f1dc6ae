import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { CORPUS } from "../influxql/corpus.ts";
import { anyDamaged } from "../influxql/damaged.ts";
import { DATABASE } from "../influxql/data-set.ts";
import { anyReading } from "../influxql/grammar.ts";
import { anyMutating } from "../influxql/grammar-mutating.ts";
import { requireReal } from "../support/require-real.ts";
import { checkMutating, checkReading, checkRefused, checkUnexecuted, problemsOf } from "./influxql-checks.ts";
import { type Oracle, startOracle } from "./influxql-oracle.ts";

const SEED = 20_261_125;

describe("InfluxQL", { skip: requireReal("influxd") }, () => {
  let oracle: Oracle;
  before(async () => {
    oracle = await startOracle();
  });
  after(() => oracle?.close());

  const none = async (problems: Promise<string[]>) => assert.deepEqual(await problems, []);

  const of = (kind: (typeof CORPUS)[number]["kind"]) => CORPUS.filter((entry) => entry.kind === kind);

  for (const [family, entries] of Map.groupBy(of("read"), (entry) => entry.family)) {
    test(`${family}: ${entries.length} reading statements mean the same when printed`, () =>
      none(problemsOf(entries, 4, (entry) => checkReading(oracle, entry, entry.answer))));
  }

  for (const [family, entries] of Map.groupBy(of("mutate"), (entry) => entry.family)) {
    test(`${family}: ${entries.length} changing statements do the same when printed`, () =>
      none(problemsOf(entries, 1, (entry) => checkMutating(oracle, entry))));
  }

  const wrong = of("wrong");
  test(`${wrong.length} wrong texts are refused in InfluxDB's words`, () =>
    none(problemsOf(wrong, 4, async (entry) => checkRefused(entry, await oracle.answer(entry)))));

  test("generated reading statements mean the same when printed", () => {
    const statements = fc.sample(anyReading, { numRuns: 150, seed: SEED });
    return none(problemsOf(statements, 4, (q) => checkReading(oracle, { q, db: DATABASE })));
  });

  test("generated changing statements do the same when printed", () => {
    const statements = fc.sample(anyMutating, { numRuns: 10, seed: SEED });
    return none(problemsOf(statements, 1, (q) => checkMutating(oracle, { q, family: "into" })));
  });

  test("damaged texts are refused in InfluxDB's words", () => {
    const texts = fc.sample(anyDamaged, { numRuns: 400, seed: SEED });
    return none(problemsOf(texts, 4, (text) => checkUnexecuted(oracle, text)));
  });
});
