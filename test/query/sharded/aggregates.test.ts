import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../../src/query/sharded/value.ts";
import { packAnswer } from "./msgpack.ts";
import { type Asked, MadeUpShards } from "./shards.ts";

type Rows = readonly (readonly Value[])[];

/** Shards that answer queries that begin with a text with rows of one series. */
function answering(answers: Readonly<Record<string, readonly Rows[]>>): MadeUpShards {
  return new MadeUpShards((shard, { q, accept }) => {
    if (accept === "application/json") return '{"results":[{"statement_id":0}]}\n';
    const found = Object.entries(answers).find(([begin]) => q.startsWith(begin));
    assert.ok(found, `nobody expected ${q}`);
    const values = found[1][shard] ?? [];
    return packAnswer(values.length === 0 ? [] : [{ name: "m", columns: ["time", "x"], values }]);
  });
}

async function valuesOf(shards: MadeUpShards, q: string, asked: Asked = {}): Promise<string> {
  const answer = await shards.ask(q, { ...asked, parameters: { epoch: "ns" } });
  return /"values":(\[.*\])\}\]\}\]\}/.exec(answer)?.[1] ?? answer;
}

test("integers are added in 64 bits, floats as floats, and their types stay apart", async () => {
  const big = 2n ** 62n;
  const of = (...values: readonly Value[]) => values.map((value) => [[0n, value]] as Rows);
  const sum = (...values: readonly Value[]) =>
    valuesOf(answering({ "SELECT sum": of(...values) }), "SELECT sum(u) FROM m");
  assert.equal(await sum(9007199254740993n, 2n), "[[0,9007199254740995]]");
  assert.equal(await sum(big, big), "[[0,-9223372036854775808]]");
  assert.equal(await sum(0.1, 0.2), "[[0,0.30000000000000004]]");
  assert.equal(await sum(1e21, 1), "[[0,1e+21]]");
  assert.equal(await sum(-0, -0), "[[0,-0]]");
  assert.equal(await sum(1n, 0.5), "[[0,1.5]]");
  assert.equal(await sum(null, 2n), "[[0,2]]");
});

test("a mean is the sum of all by the count of all, of one query to each shard", async () => {
  const rows = [[[0n, 3.5, 2n, 7n, 3n]], [[0n, 1, 2n, 2n, -1n]]] as const;
  const shards = answering({ "SELECT mean(u), count(u), sum(u), min(u)": rows });
  assert.equal(await valuesOf(shards, "SELECT mean(u), sum(u), min(u) / 2 FROM m"), "[[0,2.25,9,-0.5]]");
  const asked = shards.questions.filter(({ q }) => q.startsWith("SELECT mean"));
  assert.equal(asked.length, 3);
});

test("a mean of integers that together are more than 64 bits hold is one of floats", async () => {
  const rows = [[[0n, 2 ** 62, 3n]], [[0n, 2 ** 61, 1n]]] as const;
  assert.equal(
    await valuesOf(answering({ "SELECT mean": rows }), "SELECT mean(u) FROM m"),
    `[[0,${String(2 ** 62 - 2 ** 59)}]]`,
  );
});

test("what the means of shards were made of comes back without the last digit that a division loses", async () => {
  const counts = Array.from({ length: 200 }, (_, i) => i + 1);
  for (const count of counts) {
    const rows = [[[0n, 1 / count, BigInt(count)]], [[0n, 0.3 / count, BigInt(count)]]] as const;
    const text = await valuesOf(answering({ "SELECT mean": rows }), "SELECT mean(u) FROM m");
    assert.equal(text, `[[0,${1.3 / (2 * count)}]]`);
  }
});

test("what is not a number is no negative difference", async () => {
  const rows: Rows = [
    [0n, 1],
    [10n, 5],
    [11n, 7],
    [20n, 3],
  ];
  const q =
    "SELECT non_negative_difference(stddev(u)), sum(n) FROM m WHERE time >= 0 AND time < 30 GROUP BY time(10ns) fill(7)";
  const shards = answering({ "SELECT u": [rows], "SELECT sum": [[[0n, 1n]]] });
  assert.match(await valuesOf(shards, q), /^\[\[0,null,1\],\[10,null,7\],\[20,null,7\]\]$/);
});

test("the shards are asked without fill and LIMIT, and for the interval before, where that is compared", async () => {
  const shards = answering({
    SELECT: [
      [
        [0n, 4n],
        [10n, 6n],
      ],
      [
        [10n, 1n],
        [20n, 5n],
      ],
    ],
  });
  const q =
    "SELECT difference(sum(u)) FROM m WHERE h = 'x' AND time >= 10 AND time < 40 GROUP BY time(10ns) fill(0) LIMIT 2";
  assert.equal(await valuesOf(shards, q), "[[10,3],[20,-2]]");
  assert.equal(
    shards.questions.at(-1)?.q,
    "SELECT sum(u) FROM m WHERE h = 'x' AND time >= 0 AND time <= 39 GROUP BY time(10ns) fill(none)",
  );
});

test("intervals without points are filled after the merge", async () => {
  const shards = () => answering({ SELECT: [[[20n, 4n]], [[50n, 1n]]] });
  const q = (fill: string) =>
    `SELECT sum(u) FROM m WHERE time >= 10 AND time < 60 GROUP BY time(10ns)${fill}`;
  assert.equal(await valuesOf(shards(), q("")), "[[10,null],[20,4],[30,null],[40,null],[50,1]]");
  assert.equal(await valuesOf(shards(), q(" fill(none)")), "[[20,4],[50,1]]");
  assert.equal(await valuesOf(shards(), q(" fill(2.7)")), "[[10,2],[20,4],[30,2],[40,2],[50,1]]");
  assert.equal(await valuesOf(shards(), q(" fill(previous)")), "[[10,null],[20,4],[30,4],[40,4],[50,1]]");
  assert.equal(await valuesOf(shards(), q(" fill(linear)")), "[[10,null],[20,4],[30,3],[40,2],[50,1]]");
  assert.equal(
    await valuesOf(shards(), q("").replace("sum", "count")),
    "[[10,0],[20,4],[30,0],[40,0],[50,1]]",
  );
  assert.equal(await valuesOf(shards(), `${q("")} ORDER BY time DESC LIMIT 2`), "[[50,1],[40,null]]");
});

test("what is computed from points takes no more of them than it may", async () => {
  const shards = () =>
    answering({
      "SELECT u FROM m": [
        [
          [1n, 3.5],
          [3n, 1],
        ],
        [[2n, 2]],
      ],
    });
  assert.equal(await valuesOf(shards(), "SELECT median(u) FROM m"), "[[0,2]]");
  assert.equal(await valuesOf(shards(), "SELECT percentile(u, 100) FROM m"), "[[1,3.5]]");
  assert.equal(await valuesOf(shards(), "SELECT cumulative_sum(u) FROM m"), "[[1,3.5],[2,5.5],[3,6.5]]");
  const limited = shards();
  assert.match(
    await valuesOf(limited, "SELECT median(u) FROM m", { limits: { maxRowsPulled: 2 } }),
    /"error":"max-rows-pulled limit exceeded: more than 2 points/,
  );
  assert.equal(limited.open, 0);
  const many = answering({ SELECT: [Array.from({ length: 50 }, (_, at) => [BigInt(at * 10), 1n])] });
  assert.match(
    await valuesOf(many, "SELECT sum(u) FROM m WHERE time > 0 AND time < 500 GROUP BY time(10ns)", {
      limits: { maxHeldBytes: 1_000 },
    }),
    /"error":"the groups of several shards need more than 1000 bytes/,
  );
});

test("where the order of points of one time would matter, the statement fails", async () => {
  const shards = (other: number) =>
    answering({
      SELECT: [
        [
          [1n, 3],
          [2n, 4],
        ],
        [[2n, other]],
      ],
    });
  assert.match(
    await valuesOf(shards(5), "SELECT difference(u) FROM m"),
    /"error":"difference\(\) depends on the order of points/,
  );
  assert.equal(await valuesOf(shards(4), "SELECT difference(u) FROM m"), "[[2,1]]");
  assert.equal(await valuesOf(shards(5), "SELECT elapsed(u) FROM m"), "[[2,1],[2,0]]");
});

test("functions in a subquery keep the intervals that they have from outside", async () => {
  const shards = answering({ SELECT: [[[10n, 3]], [[10n, 5]]] });
  const inner = (dimensions: string) => `(SELECT first(u) AS x FROM m GROUP BY c${dimensions})`;
  const q = `SELECT median(x) FROM ${inner("")} WHERE time >= 10 AND time < 20 GROUP BY time(10ns)`;
  assert.equal(await valuesOf(shards, q), "[[10,4]]");
  assert.equal(
    shards.questions.at(-1)?.q,
    `SELECT x FROM ${inner(", time(10ns)")} WHERE time >= 10 AND time <= 19`,
  );
});

test("a selector that stands alone keeps the time of its point and brings others along", async () => {
  const rows: readonly Rows[] = [[[7n, 3n, "x"]], [[5n, 3n, "y"]]];
  const shards = answering({ SELECT: rows });
  assert.equal(await valuesOf(shards, "SELECT max(u), h FROM m"), '[[5,3,"y"]]');
  assert.equal(await valuesOf(shards, "SELECT last(u), h FROM m"), '[[7,3,"x"]]');
  assert.equal(await valuesOf(shards, "SELECT max(u) FROM m"), "[[5,3]]");
  assert.equal(await valuesOf(shards, "SELECT last(u), first(u) FROM m WHERE time >= 2"), "[[2,3,3]]");
});

test("top and bottom choose of what the shards chose, each tag once, and tell by time", async () => {
  const top = answering({
    "SELECT top(u, 2)": [
      [
        [9n, 5n],
        [1n, 4n],
      ],
      [
        [4n, 5n],
        [2n, 9n],
      ],
    ],
  });
  assert.equal(await valuesOf(top, "SELECT top(u, 2) FROM m"), "[[2,9],[4,5]]");
  const tagged = answering({
    "SELECT bottom(u, h, 2)": [
      [
        [9n, 5n, "x"],
        [1n, 6n, "y"],
      ],
      [
        [4n, 7n, "x"],
        [2n, 8n, "z"],
      ],
    ],
  });
  assert.equal(await valuesOf(tagged, "SELECT bottom(u, h, 2) FROM m"), '[[1,6,"y"],[9,5,"x"]]');
});

test("of equal values percentile chooses the earliest point", async () => {
  const shards = answering({
    SELECT: [
      [
        [4n, 2n],
        [5n, 1n],
      ],
      [
        [2n, 2n],
        [9n, 2n],
      ],
    ],
  });
  assert.equal(await valuesOf(shards, "SELECT percentile(u, 100) FROM m"), "[[2,2]]");
});

test("distinct values are united, of any type", async () => {
  const shards = answering({
    "SELECT distinct(u)": [
      [
        [0n, "b"],
        [0n, "a"],
      ],
      [
        [0n, "b"],
        [0n, "\u{10000}"],
        [0n, "\ufffd"],
      ],
    ],
  });
  assert.equal(
    await valuesOf(shards, "SELECT DISTINCT u FROM m"),
    '[[0,"a"],[0,"b"],[0,"\ufffd"],[0,"\u{10000}"]]',
  );
  assert.equal(await valuesOf(shards, "SELECT count(DISTINCT u) FROM m"), "[[0,4]]");
  const big = answering({
    "SELECT distinct(u)": [
      [[0n, 9007199254740993n]],
      [
        [0n, 9007199254740992n],
        [0n, 1n],
      ],
    ],
  });
  assert.equal(await valuesOf(big, "SELECT count(DISTINCT u) FROM m"), "[[0,3]]");
});

test("columns are named as InfluxDB names them", async () => {
  const columns = async (fields: string) => {
    const row = { name: "m", columns: [], values: [[0n, 1n, 1n, 1n, 1n]] };
    const shards = new MadeUpShards((shard, { accept }) =>
      accept === "application/json"
        ? '{"results":[{"statement_id":0}]}\n'
        : packAnswer(shard === 0 ? [row] : []),
    );
    return /"columns":\[(.*?)\]/.exec(await shards.ask(`SELECT ${fields} FROM m`))?.[1]?.replaceAll('"', "");
  };
  const csv = answering({ SELECT: [[[0n, 3, 2n]]] });
  assert.equal(
    await csv.ask("SELECT mean(u) AS x FROM m", { accept: "text/csv" }),
    "name,tags,time,x\nm,,0,3\n",
  );
  assert.equal(await columns("sum(u), sum(u), sum(u)"), "time,sum,sum_1,sum_2");
  assert.equal(await columns("sum(u) / count(n) * 2, (max(u))"), "time,sum_count,max");
  assert.equal(await columns("time AS t, sum(u) AS mean, mean(u)"), "t,mean,mean_1");
  assert.equal(await columns("sum(u) AS a, count(u) AS a"), "time,a,a");
  assert.equal(await columns("-sum(u), abs(sum(u))"), "time,sum,abs");
});

test("a server finds the words for what is wrong with a query", async () => {
  const shards = new MadeUpShards((_, { q, accept }) => {
    if (q.startsWith("EXPLAIN"))
      return '{"results":[{"statement_id":0,"error":"difference aggregate requires a GROUP BY interval"}]}\n';
    assert.equal(accept, "application/x-msgpack");
    return packAnswer([]);
  });
  assert.match(
    await shards.ask("SELECT difference(max(u)) FROM m"),
    /"error":"difference aggregate requires a GROUP BY interval"/,
  );
});

test("a server finds the words for a type that a function does not take, also where no point meets the condition", async () => {
  const words = "unsupported derivative iterator type: *query.stringInterruptIterator";
  const shards = new MadeUpShards((shard, { q, accept }) => {
    if (accept !== "application/json") return packAnswer([]);
    const knows = shard === 2 && q.startsWith("SELECT derivative(s)");
    return `{"results":[{"statement_id":0${knows ? `,"error":"${words}"` : ""}}]}\n`;
  });
  assert.ok(
    (await shards.ask("SELECT derivative(s) FROM m WHERE host = 'x'")).includes(`"error":"${words}"`),
  );
});

test("a calculation has the types of all shards, so that a server sees which do not go together", async () => {
  const words = "type error: mode(s::string) + 1: incompatible types: string and integer";
  const shards = new MadeUpShards((shard, { q, accept }) => {
    if (accept !== "application/json") return packAnswer([]);
    if (q.startsWith("EXPLAIN SELECT *"))
      return `{"results":[{"statement_id":0,"series":[{"columns":["QUERY PLAN"],"values":[["AUXILIARY FIELDS: ${shard === 2 ? "s::string" : "u::float"}"]]}]}]}\n`;
    const knows = q.includes("mode(s::string) + 1");
    return `{"results":[{"statement_id":0${knows ? `,"error":"${words}"` : ""}}]}\n`;
  });
  assert.ok((await shards.ask("SELECT mode(s) + 1, sum(u) FROM m")).includes(`"error":"${words}"`));
});

test("where * stands for nothing, a server says what is wrong with the query", async () => {
  const words = "aggregate function required inside the call to cumulative_sum";
  const shards = new MadeUpShards((_, { q }) => {
    const isAsked = q.startsWith("SELECT cumulative_sum(*)");
    return `{"results":[{"statement_id":0${isAsked ? `,"error":"${words}"` : ""}}]}\n`;
  });
  const q = "SELECT cumulative_sum(*) FROM m GROUP BY time(1h)";
  assert.ok((await shards.ask(q)).includes(`"error":"${words}"`));
  assert.ok((await shards.ask(`${q}, c`)).includes(`"error":"${words}"`));
});

test("a field has the type that it has in the time that is asked for, also in a subquery", async () => {
  const shards = answering({ SELECT: [] });
  await shards.ask(
    "SELECT first(x) FROM (SELECT u AS x FROM m, n WHERE c != 'b1') WHERE time > 5 AND time < 9 fill(1)",
  );
  const described = shards.questions.filter(({ q }) => q.startsWith("EXPLAIN SELECT *")).map(({ q }) => q);
  assert.equal(described.length, 3);
  for (const q of described) assert.match(q, /WHERE c != 'b1' AND \(time >= 6 AND time <= 8\)/);
});

test("the rows of a subquery have the types of all shards, for rows without a value are rows too", async () => {
  const shards = new MadeUpShards((shard, { q }) => {
    const known = shard === 2 && q.startsWith("EXPLAIN SELECT *") ? "u::float" : "n::integer";
    const plan = `,"series":[{"columns":["QUERY PLAN"],"values":[["AUXILIARY FIELDS: ${known}"]]}]`;
    return `{"results":[{"statement_id":0${q.startsWith("EXPLAIN") ? plan : ""}}]}\n`;
  });
  await shards.ask("SELECT x FROM (SELECT u AS x, n FROM m)");
  const asked = shards.questions.filter(({ q }) => !q.startsWith("EXPLAIN")).map(({ q }) => q);
  assert.deepEqual(asked, Array(3).fill("SELECT x FROM (SELECT u::float AS x, n::integer FROM m)"));
});

test("what InfluxDB itself does not answer well is refused", async () => {
  const shards = answering({});
  const error = async (q: string) => /"error":"(.*?)"/.exec(await shards.ask(q))?.[1];
  assert.match((await error("SELECT sum(u) FROM m GROUP BY time(1m, 5s)")) ?? "", /needs a time to begin at/);
  assert.match(
    (await error("SELECT sum(u) FROM m WHERE time > 0 GROUP BY time(1m, 5s) tz('Europe/Berlin')")) ?? "",
    /an offset and tz\(\)/,
  );
  assert.match(
    (await error("SELECT sum(u) FROM m WHERE time > 'soon'")) ?? "",
    /times in WHERE are not understood/,
  );
  assert.equal(
    await shards.ask("SELECT sum(u) FROM m tz('Nowhere/Here')"),
    "refused 400: error parsing query: unable to find time zone Nowhere/Here",
  );
});
