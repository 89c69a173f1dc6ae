import assert from "node:assert/strict";
import { test } from "node:test";
import { mapBy } from "./maps.ts";
import { MadeUpShards } from "./shards.ts";

/** One chunk of an answer. */
const chunk = (series: string, more = "") =>
  `{"results":[{"statement_id":0${series === "" ? "" : `,"series":[${series}]`}${more}}]}\n`;

function rowsOf(...answers: readonly string[]): MadeUpShards {
  return new MadeUpShards((shard, { q }) =>
    q.startsWith("EXPLAIN") ? chunk("") : (answers[shard] ?? chunk("")),
  );
}

const COLUMNS = '"columns":["time","u","h"]';

test("rows are merged by time, with values as they came, and times as they were asked for", async () => {
  const shards = rowsOf(
    chunk(`{"name":"m",${COLUMNS},"values":[[1,1e+21,"a"],[1500000000,-0,"]\\"["]]}`),
    chunk(`{"name":"m",${COLUMNS},"values":[[2,9007199254740993,"\\u003c"],[1500000001,null,"x"]]}`),
  );
  const rows = (times: readonly string[]) =>
    `{"results":[{"statement_id":0,"series":[{"name":"m",${COLUMNS},"values":[[${times[0]},1e+21,"a"],[${times[1]},9007199254740993,"\\u003c"],[${times[2]},-0,"]\\"["],[${times[3]},null,"x"]]}]}]}\n`;
  const q = "SELECT u, h FROM m";
  const zero = "1970-01-01T00:00:0";
  const expected: readonly (readonly [string, readonly string[]])[] = [
    ["", [`"${zero}0.000000001Z"`, `"${zero}0.000000002Z"`, `"${zero}1.5Z"`, `"${zero}1.500000001Z"`]],
    ["ns", ["1", "2", "1500000000", "1500000001"]],
    ["us", ["1", "2", "1500000000", "1500000001"]],
    ["u", ["0", "0", "1500000", "1500000"]],
    ["ms", ["0", "0", "1500", "1500"]],
    ["s", ["0", "0", "1", "1"]],
    ["h", ["0", "0", "0", "0"]],
  ];
  for (const [epoch, times] of expected)
    assert.equal(await shards.ask(q, { parameters: { epoch } }), rows(times), epoch);
  assert.equal(shards.open, 0);
});

test("times before 1970 and in a time zone are printed as InfluxDB does", async () => {
  const shards = rowsOf(chunk('{"name":"m","columns":["time","u"],"values":[[-1500000000,1],[0,2]]}'));
  const ask = async (q: string, epoch: string) =>
    /\[\[(.*),1\],\[(.*),2\]\]/.exec(await shards.ask(q, { parameters: { epoch } }))?.slice(1);
  assert.deepEqual(await ask("SELECT u FROM m", ""), ['"1969-12-31T23:59:58.5Z"', '"1970-01-01T00:00:00Z"']);
  assert.deepEqual(await ask("SELECT u FROM m", "ms"), ["-1500", "0"]);
  assert.deepEqual(await ask("SELECT u FROM m", "s"), ["-1", "0"]);
  const berlin = ['"1970-01-01T00:59:58.5+01:00"', '"1970-01-01T01:00:00+01:00"'];
  assert.deepEqual(await ask("SELECT u FROM m tz('Europe/Berlin')", ""), berlin);
  const monrovia = ['"1969-12-31T23:15:28.5-00:44"', '"1969-12-31T23:15:30-00:44"'];
  assert.deepEqual(await ask("SELECT u FROM m tz('Africa/Monrovia')", ""), monrovia);
});

test("rows of one time are told apart by their texts in the order of the columns' names, then by shard", async () => {
  const rows = (...list: readonly string[]) =>
    chunk(`{"name":"m","columns":["time","u","h","c"],"values":[${list}]}`);
  const shards = rowsOf(rows('[1,1,"y","b"]'), rows('[1,2,"x","b"]'), rows('[1,3,"z","a"]'));
  const order = async (q: string) =>
    [...(await shards.ask(q)).matchAll(/Z",(\d)/g)].map(([, u]) => u).join("");
  assert.equal(await order("SELECT u, h, c FROM m"), "321");
  assert.equal(await order("SELECT u, h, c FROM m ORDER BY time DESC"), "123");
  const plain = rowsOf(rows('[1,2,"x","x"]'), rows('[1,1,"x","x"]'));
  const orderOf = async (q: string) =>
    [...(await plain.ask(q)).matchAll(/Z",(\d)/g)].map(([, u]) => u).join("");
  assert.equal(await orderOf("SELECT u, h, c FROM m"), "21");
  assert.equal(await orderOf("SELECT u, h, c FROM m ORDER BY time DESC"), "12");
});

test("series come in the order of their names and tags, backwards with DESC", async () => {
  const series = (name: string, tag: string) =>
    `{"name":"${name}","tags":{"h":"${tag}"},"columns":["time","u"],"values":[[1,1]]}`;
  const one = [series("a", "z"), series("b", "x")];
  const two = [series("a", ""), series("a", "\u{10000}"), series("b", "\ufffd")];
  const order = async (q: string, answers: readonly string[]) =>
    [...(await rowsOf(...answers).ask(q)).matchAll(/"name":"(\w)","tags":\{"h":"([^"]*)"/gu)].map(
      ([, name, tag]) => `${name}${tag}`,
    );
  const ascending = ["a", "az", "a\u{10000}", "bx", "b\ufffd"];
  assert.deepEqual(
    await order("SELECT u FROM m GROUP BY h", [one.map((text) => chunk(text)).join(""), chunk(two.join())]),
    ascending,
  );
  const backwards = [chunk(one.toReversed().join()), chunk(two.toReversed().join())];
  assert.deepEqual(
    await order("SELECT u FROM m GROUP BY h ORDER BY time DESC", backwards),
    ascending.toReversed(),
  );
});

test("LIMIT and OFFSET cut after the merge, SLIMIT and SOFFSET count the series of each measurement", async () => {
  const rows = (name: string, tag: string, ...times: readonly number[]) =>
    `{"name":"${name}","tags":{"h":"${tag}"},"columns":["time","u"],"values":[${times.map((time) => `[${time},0]`)}]}`;
  const shards = rowsOf(
    chunk([rows("a", "x", 1, 3), rows("a", "y", 5), rows("b", "x", 1)].join()),
    chunk([rows("a", "x", 2, 4), rows("a", "z", 5, 6, 7)].join()),
  );
  const shown = async (q: string) =>
    [
      ...(await shards.ask(q, { parameters: { epoch: "ns" } })).matchAll(
        /"name":"(\w)","tags":{"h":"(\w)"}[^{]*"values":\[\[(.*?)\]\]/g,
      ),
    ].map(([, name, tag, values]) => `${name}${tag} ${values?.replaceAll(",0],[", " ").replace(",0", "")}`);
  assert.deepEqual(await shown("SELECT u FROM a, b GROUP BY h LIMIT 2 OFFSET 1"), ["ax 2 3", "az 6 7"]);
  assert.equal(shards.questions.at(-1)?.q, "SELECT u FROM a, b GROUP BY h LIMIT 3");
  assert.deepEqual(await shown("SELECT u FROM a, b GROUP BY h SLIMIT 1 SOFFSET 1"), ["ay 5"]);
  assert.deepEqual(await shown("SELECT u FROM a, b GROUP BY h SLIMIT 1"), ["ax 1 2 3 4", "bx 1"]);
  assert.equal(shards.questions.at(-1)?.q, "SELECT u FROM a, b GROUP BY h");
  await shown("SELECT u FROM a GROUP BY c LIMIT 2 OFFSET 1 SLIMIT 3");
  assert.equal(shards.questions.at(-1)?.q, "SELECT u FROM a GROUP BY c LIMIT 2 OFFSET 1");
});

test("a wildcard stands for the columns of all shards, and of just the time that is asked for", async () => {
  const plan = (aux: string) =>
    chunk(
      `{"columns":["QUERY PLAN"],"values":[["EXPRESSION: \\u003cnil\\u003e"],["AUXILIARY FIELDS: ${aux}"]]}`,
    );
  const shards = new MadeUpShards((shard, { q }) =>
    q.startsWith("EXPLAIN")
      ? plan(["c::tag, u::integer", 'h::tag, u::float, \\"x y\\"::string', "c::tag, c::float"][shard] ?? "")
      : chunk(""),
  );
  await shards.ask("SELECT * FROM m WHERE time > 5");
  assert.equal(shards.questions[0]?.q, "EXPLAIN SELECT * FROM m WHERE time > 5");
  assert.equal(
    shards.questions.at(-1)?.q,
    'SELECT c::float, c::tag, h::tag, u::float, "x y"::string FROM m WHERE time > 5',
  );
  await shards.ask("SELECT * FROM m GROUP BY *");
  assert.equal(shards.questions.at(-1)?.q, 'SELECT c::float, u::float, "x y"::string FROM m GROUP BY c, h');
  await shards.ask("SELECT *::tag, /^u/ FROM m GROUP BY /h/");
  assert.equal(shards.questions.at(-1)?.q, "SELECT u::float FROM m GROUP BY h");
  await shards.ask("SELECT max(*) FROM m GROUP BY c");
  assert.equal(
    shards.questions.at(-1)?.q,
    "SELECT max(c::float) AS max_c, max(u::float) AS max_u FROM m GROUP BY c",
  );
  assert.match(
    await shards.ask("SELECT /\\pL/ FROM m"),
    /"error":"\/\\\\pL\/ for columns of several shards uses syntax/,
  );
});

test("chunks have marks where a series and where a result goes on", async () => {
  const rows = (tag: string, ...times: readonly number[]) =>
    chunk(
      `{"name":"m","tags":{"h":"${tag}"},"columns":["time","u"],"values":[${times.map((time) => `[${time},0]`)}]}`,
    );
  const shards = rowsOf(rows("x", 1, 3, 5), rows("x", 2, 4), rows("y", 9));
  const head = (tag: string) =>
    `{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"h":"${tag}"},"columns":["time","u"],"values":`;
  assert.equal(
    await shards.ask("SELECT u FROM m GROUP BY h", {
      parameters: { chunked: "true", chunk_size: "3", epoch: "ns" },
    }),
    `${head("x")}[[1,0],[2,0],[3,0]],"partial":true}],"partial":true}]}\n` +
      `${head("x")}[[4,0],[5,0]]}],"partial":true}]}\n${head("y")}[[9,0]]}]}]}\n`,
  );
  assert.equal(await rowsOf().ask("SELECT u FROM m", { parameters: { chunked: "true" } }), chunk(""));
});

test("pretty JSON and CSV are InfluxDB's", async () => {
  const shards = rowsOf(
    chunk(
      '{"name":"m","tags":{"h":"","k":"a=b"},"columns":["time","u","s"],"values":[[1,1e-7,"a,\\"b"],[2,null,""]]}',
    ),
  );
  const q = "SELECT u, s FROM m GROUP BY h, k; SHOW MEASUREMENTS";
  assert.equal(
    await shards.ask("SELECT u, s FROM m GROUP BY h, k", { pretty: true, parameters: { epoch: "ns" } }),
    '{\n    "results": [\n        {\n            "statement_id": 0,\n            "series": [\n                {\n                    "name": "m",\n                    "tags": {\n                        "h": "",\n                        "k": "a=b"\n                    },\n                    "columns": [\n                        "time",\n                        "u",\n                        "s"\n                    ],\n                    "values": [\n                        [\n                            1,\n                            1e-7,\n                            "a,\\"b"\n                        ],\n                        [\n                            2,\n                            null,\n                            ""\n                        ]\n                    ]\n                }\n            ]\n        }\n    ]\n}\n',
  );
  assert.equal(
    await rowsOf().ask("SELECT u FROM m", { pretty: true }),
    '{\n    "results": [\n        {\n            "statement_id": 0\n        }\n    ]\n}\n',
  );
  const csv = 'name,tags,time,u,s\nm,k=a\\=b,1,0.0000001,"a,""b"\nm,k=a\\=b,2,,\n';
  const listed = new MadeUpShards((_, { q: asked }) =>
    asked.startsWith("SHOW")
      ? chunk('{"name":"measurements","columns":["name"],"values":[["m"]]}')
      : shardAnswer(),
  );
  function shardAnswer(): string {
    return chunk("");
  }
  assert.equal(await shards.ask("SELECT u, s FROM m GROUP BY h, k", { accept: "text/csv" }), csv);
  assert.equal(await listed.ask(q, { accept: "application/csv" }), "name,tags,name\nmeasurements,,m\n");
  assert.match(await shards.ask("SELECT u FROM m", { accept: "application/x-msgpack" }), /^refused 406: /);
});

test("a statement that fails ends the request, with its own words and those for the rest", async () => {
  const shards = new MadeUpShards((shard, { q }) =>
    q.includes("nodb") && shard === 1
      ? chunk("", ',"error":"database not found: \\u003cnodb\\u003e"')
      : chunk(""),
  );
  assert.equal(
    await shards.ask("SELECT u FROM m; SELECT u FROM nodb..m; SELECT u FROM m"),
    '{"results":[{"statement_id":0},{"statement_id":1,"error":"database not found: \\u003cnodb\\u003e"},{"statement_id":2,"error":"not executed"}]}\n',
  );
  assert.equal(shards.open, 0);
});

test("what a shard refuses is refused as it is, if nothing was answered yet", async () => {
  const shards = new MadeUpShards((shard) =>
    shard === 2 ? { status: 401, body: '{"error":"authorization failed"}\n' } : chunk(""),
  );
  assert.equal(await shards.ask("SELECT u FROM m"), '401 {"error":"authorization failed"}\n');
  assert.equal(
    await shards.ask("SELECT u FROM m WHERE c = 'a'; SELECT u FROM m"),
    '{"results":[{"statement_id":0},{"statement_id":1,"error":"authorization failed"}]}\n',
  );
  assert.equal(shards.open, 0);
});

test("an answer that breaks off, or that is not InfluxDB's, fails the statement", async () => {
  const broken = new MadeUpShards(() => chunk("").slice(0, -5));
  assert.match(await broken.ask("SELECT u FROM m"), /"error":"a shard's answer broke off"/);
  assert.match(
    await rowsOf("<html>\n").ask("SELECT u FROM m"),
    /"error":"a shard's answer is not InfluxDB's: \\u003chtml/,
  );
});

test("rows of different columns are not taken for each other's", async () => {
  const rows = (columns: string) => chunk(`{"name":"m","columns":["time",${columns}],"values":[[1,1]]}`);
  assert.match(
    await rowsOf(rows('"u"'), rows('"v"')).ask("SELECT u FROM m"),
    /"error":"the shards' answers have different columns"/,
  );
});

test("one shard's statement is forwarded as it is, several statements are put together", async () => {
  const shards = new MadeUpShards((shard, { q, parameters }) =>
    chunk(
      `{"name":"m","columns":["time","u"],"values":[["${parameters["epoch"] ?? "text"}",${shard}]]}`,
    ).repeat(q.includes("2") ? 2 : 1),
  );
  assert.equal(await shards.ask("SELECT u FROM m WHERE c = 'a'"), "forwarded to 0");
  assert.equal(
    await shards.ask("SELECT u FROM m WHERE c = $c; SHOW USERS", { parameters: { params: '{"c":"d"}' } }),
    "forwarded to 0",
  );
  assert.equal(
    await shards.ask("SELECT u FROM m WHERE c = 'a'; SELECT u FROM m WHERE c = 'b2'", {
      parameters: { epoch: "ms" },
    }),
    '{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","u"],"values":[["ms",0]]}]},{"statement_id":1,"series":[{"name":"m","columns":["time","u"],"values":[["ms",1],["ms",1]]}]}]}\n',
  );
});

test("changes are told with the points that all shards wrote", async () => {
  const shards = rowsOf();
  const written = (shard: number) =>
    chunk(`{"name":"result","columns":["time","written"],"values":[[0,${shard + 1}]]}`);
  assert.equal(
    await shards.ask("SELECT u INTO n FROM m GROUP BY *", { change: written }),
    '{"results":[{"statement_id":0,"series":[{"name":"result","columns":["time","written"],"values":[["1970-01-01T00:00:00Z",6]]}]}]}\n',
  );
  assert.equal(await shards.ask("CREATE DATABASE x"), '{"results":[{"statement_id":0}]}\n');
  const failing = (shard: number) => (shard === 1 ? chunk("", ',"error":"no"') : chunk(""));
  assert.equal(
    await shards.ask("CREATE DATABASE x", { change: failing }),
    '{"results":[{"statement_id":0,"error":"no"}]}\n',
  );
});

test("by measurement, series of several shards are put in order", async () => {
  const series = (name: string) => chunk(`{"name":"${name}","columns":["time","u"],"values":[[1,1]]}`);
  const shards = rowsOf(series("d"), series("b"));
  const answer = await shards.ask("SELECT mean(u) FROM d, b", { map: mapBy("measurement") });
  assert.deepEqual(
    [...answer.matchAll(/"name":"(\w)"/g)].map(([, name]) => name),
    ["b", "d"],
  );
});

test("a name in WHERE is a field on all shards if it is one on any", async () => {
  const plan = (aux: string) => chunk(`{"columns":["QUERY PLAN"],"values":[["AUXILIARY FIELDS: ${aux}"]]}`);
  const shards = new MadeUpShards((shard, { q }) =>
    q.startsWith("EXPLAIN")
      ? plan(["c::tag, u::float", "c::tag, note::string, u::float"][shard] ?? "c::tag, u::float")
      : chunk(""),
  );
  const asked = async (q: string) => {
    await shards.ask(q);
    return shards.questions.at(-1)?.q;
  };
  assert.equal(
    await asked("SELECT u FROM m WHERE note != 'x' AND h = 'y'"),
    "SELECT u::float FROM m WHERE note::string != 'x' AND h = 'y'",
  );
  assert.equal(
    await asked("SELECT x FROM (SELECT u AS x FROM m WHERE note != 'x') WHERE x > 1"),
    "SELECT x FROM (SELECT u::float AS x FROM m WHERE note::string != 'x') WHERE x > 1",
  );
  assert.equal(await asked("SELECT u FROM m WHERE time > 5"), "SELECT u FROM m WHERE time > 5");
  const lists = rowsOf(
    chunk(""),
    chunk('{"name":"m","columns":["fieldKey","fieldType"],"values":[["note","string"]]}'),
  );
  const q = "SHOW TAG VALUES FROM m WITH KEY = h WHERE note = 'x' AND h = 'y'";
  await lists.ask(q);
  assert.equal(lists.questions.at(-1)?.q, q.replace("note", "note::field"));
  assert.match(
    await lists.ask("SHOW SERIES FROM m WHERE note = 'x'"),
    /"error":"a field in WHERE does not choose/,
  );
});
