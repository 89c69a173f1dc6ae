import assert from "node:assert/strict";
import { test } from "node:test";
import { MadeUpShards } from "./shards.ts";

interface List {
  readonly name?: string;
  readonly columns: readonly string[];
  readonly values?: readonly (readonly (string | number)[])[];
}

function listing(...answers: readonly (readonly List[])[]): MadeUpShards {
  return new MadeUpShards((shard) => {
    const series = answers[shard] ?? [];
    return `${JSON.stringify({ results: [{ statement_id: 0, ...(series.length > 0 ? { series } : {}) }] })}\n`;
  });
}

async function listed(shards: MadeUpShards, q: string): Promise<readonly List[]> {
  const answer = JSON.parse(await shards.ask(q)) as {
    readonly results: readonly [{ readonly series?: readonly List[] }];
  };
  return answer.results[0].series ?? [];
}

const names = (...list: readonly string[]): List => ({
  name: "measurements",
  columns: ["name"],
  values: list.map((name) => [name]),
});

test("measurements are united and sorted by bytes, with LIMIT and OFFSET of all of them", async () => {
  const shards = listing([names("a", "\u{10000}")], [names("\ufffd", "a", "b")]);
  assert.deepEqual(await listed(shards, "SHOW MEASUREMENTS"), [names("a", "b", "\ufffd", "\u{10000}")]);
  assert.deepEqual(await listed(shards, "SHOW MEASUREMENTS LIMIT 2 OFFSET 1"), [names("b", "\ufffd")]);
  assert.equal(shards.questions.at(-1)?.q, "SHOW MEASUREMENTS LIMIT 3");
  assert.deepEqual(await listed(shards, "SHOW MEASUREMENTS OFFSET 9"), []);
});

test("what is not sorted by a server keeps the order of the first that has it", async () => {
  const databases = (...list: readonly string[]): List => ({ ...names(...list), name: "databases" });
  const shards = listing([databases("z", "a")], [databases("a", "b")], [databases("z", "c")]);
  assert.deepEqual(await listed(shards, "SHOW DATABASES"), [databases("z", "a", "b", "c")]);
  const empty: List = { name: "d", columns: ["name", "query"] };
  assert.deepEqual(await listed(listing([empty], [empty]), "SHOW CONTINUOUS QUERIES"), [empty]);
});

test("keys and values are united for each measurement, with LIMIT and OFFSET of each", async () => {
  const values = (name: string, ...rows: readonly (readonly string[])[]): List => ({
    name,
    columns: ["key", "value"],
    values: rows,
  });
  const shards = listing(
    [values("n", ["h", "x"]), values("m", ["h", "b"], ["h", "c"])],
    [values("m", ["h", "a"], ["h", "b"], ["g", "z"])],
  );
  const q = "SHOW TAG VALUES WITH KEY IN (h, g)";
  assert.deepEqual(await listed(shards, q), [
    values("m", ["g", "z"], ["h", "a"], ["h", "b"], ["h", "c"]),
    values("n", ["h", "x"]),
  ]);
  assert.deepEqual(await listed(shards, `${q} LIMIT 2 OFFSET 1`), [values("m", ["h", "a"], ["h", "b"])]);
});

test("a field of several types has its float first", async () => {
  const fields = (...rows: readonly (readonly string[])[]): List => ({
    name: "m",
    columns: ["fieldKey", "fieldType"],
    values: rows,
  });
  const shards = listing(
    [fields(["u", "string"])],
    [fields(["u", "float"], ["v", "boolean"])],
    [fields(["u", "integer"])],
  );
  const all = fields(["u", "float"], ["u", "integer"], ["u", "string"], ["v", "boolean"]);
  assert.deepEqual(await listed(shards, "SHOW FIELD KEYS"), [all]);
});

test("numbers of series add up, others are counted from the lists", async () => {
  const count = (name: string, value: number): List => ({ name, columns: ["count"], values: [[value]] });
  const series = listing([count("m", 2), count("n", 1)], [count("m", 3)]);
  assert.deepEqual(await listed(series, "SHOW SERIES EXACT CARDINALITY"), [count("m", 5), count("n", 1)]);
  const estimate = (value: number): List => ({ columns: ["cardinality estimation"], values: [[value]] });
  assert.deepEqual(await listed(listing([estimate(2)], [estimate(3)]), "SHOW SERIES CARDINALITY"), [
    estimate(5),
  ]);
  const measurements = listing([names("a", "b")], [names("b", "c")]);
  assert.deepEqual(await listed(measurements, "SHOW MEASUREMENT CARDINALITY"), [estimate(3)]);
  assert.deepEqual(await listed(measurements, "SHOW MEASUREMENT EXACT CARDINALITY"), [
    { columns: ["count"], values: [[3]] },
  ]);
  const keys = (...list: readonly string[]): List => ({
    name: "m",
    columns: ["tagKey"],
    values: list.map((key) => [key]),
  });
  assert.deepEqual(await listed(listing([keys("c", "h")], [keys("c")]), "SHOW TAG KEY CARDINALITY"), [
    count("m", 2),
  ]);
  const values: List = {
    name: "m",
    columns: ["key", "value"],
    values: [
      ["c", "x"],
      ["h", "x"],
      ["h", "y"],
    ],
  };
  assert.deepEqual(
    await listed(listing([values], [values]), "SHOW TAG VALUES CARDINALITY WITH KEY IN (c, h)"),
    [count("m", 2)],
  );
});

test("lists that are too long are refused", async () => {
  const shards = listing([names(...Array.from({ length: 100 }, (_, at) => `measurement ${at}`))]);
  assert.match(
    await shards.ask("SHOW MEASUREMENTS", { limits: { maxHeldBytes: 500 } }),
    /"error":"the lists are too long to be united"/,
  );
});
