import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDemoInfluxdb, type DemoAnswer } from "../../src/demo/influxdb.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

interface Asked {
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server with what the tests ask of it: `ask` for the whole answer, the others for its body as text. */
function start(options: { maxPoints?: number; maxBodyBytes?: number } = {}) {
  const clock = createVirtualClock({ startMs: 1_000 });
  const demo = createDemoInfluxdb({ databases: ["demo"], clock, ...options });
  const ask = (path: string, { method = "POST", body = "", headers = {} }: Asked = {}) =>
    demo.handle({
      method,
      path,
      body: typeof body === "string" ? new TextEncoder().encode(body) : body,
      header: (name) => headers[name],
    });
  const write = async (body: string, parameters = "db=demo") => {
    const answer = await ask(`/write?${parameters}`, { body });
    return `${answer.status} ${textOf(answer)}`;
  };
  const query = async (q: string, parameters = "db=demo") =>
    textOf(await ask(`/query?${parameters}&${new URLSearchParams({ q })}`, { method: "GET" }));
  return { ask, write, query };
}

const textOf = ({ body }: DemoAnswer) => new TextDecoder().decode(body);
const results = (json: string) => `{"results":[{"statement_id":0${json}}]}\n`;

describe("/write", () => {
  test("stores points; a later field of the same series and time wins", async () => {
    const { write, query } = start();
    assert.equal(await write("cpu,b=2,a=1 v=1,w=2i 5\ncpu,a=1,b=2 v=-0 5"), "204 ");
    const columns = `"columns":["time","a","b","v","w"]`;
    assert.equal(
      await query("SELECT * FROM cpu"),
      results(
        `,"series":[{"name":"cpu",${columns},"values":[["1970-01-01T00:00:00.000000005Z","1","2",-0,2]]}]`,
      ),
    );
  });

  test("says what InfluxDB says when it refuses, and stores the good lines", async () => {
    const { write, query } = start();
    const error = (text: string) => `${JSON.stringify({ error: text })}\n`;
    await write("cpu v=1 1");
    const unparsable = "unable to parse 'bad': missing fields";
    assert.equal(await write("cpu v=1", ""), `400 ${error("database is required")}`);
    assert.equal(await write("cpu v=1", "db=x&rp=y"), `404 ${error('database not found: "x"')}`);
    assert.equal(await write("cpu v=1", "db=demo&rp=y"), `500 ${error("retention policy not found: y")}`);
    assert.equal(
      await write("cpu v=1", "db=demo&consistency=most"),
      `400 ${error("invalid consistency level")}`,
    );
    assert.equal(await write("bad\nbad"), `400 ${error(`${unparsable}\n${unparsable}`)}`);
    assert.equal(await write("bad\ncpu v=2 2"), `400 ${error(`partial write: ${unparsable} dropped=0`)}`);
    const conflict = 'input field "v" on measurement "cpu" is type string, already exists as type float';
    assert.equal(
      await write('cpu v="x" 3\nbad\ncpu v=3 3\ncpu v=true 4'),
      `400 ${error(`partial write: field type conflict: ${conflict} dropped=2`)}`,
    );
    const time = 'invalid tag key: input tag "time" on measurement "cpu" is invalid';
    assert.equal(await write("cpu,time=x v=1"), `400 ${error(`partial write: ${time} dropped=1`)}`);
    assert.match(await query("SELECT count(*) FROM cpu"), /\[\["1970-01-01T00:00:00Z",3\]\]/);
  });

  test("the error is in a header too, on one line", async () => {
    const { ask } = start();
    const { headers } = await ask("/write?db=demo", { body: "é\nbad" });
    const header = headers["X-Influxdb-Error"] ?? "";
    const text = new TextDecoder().decode(Uint8Array.from(header, (letter) => letter.charCodeAt(0)));
    assert.equal(text, "unable to parse 'é': missing fields unable to parse 'bad': missing fields");
  });

  test("gives a point without a time the clock's, in the write's precision", async () => {
    const { write, query } = start();
    await write("cpu v=1\ncpu v=1 7", "db=demo&precision=s");
    assert.match(await query("SELECT * FROM cpu", "db=demo&epoch=ms"), /"values":\[\[1000,1\],\[7000,1\]\]/);
  });

  test("inflates gzip, and refuses what is damaged or too large", async () => {
    const { ask } = start({ maxBodyBytes: 1_000 });
    const post = async (body: Uint8Array) =>
      (await ask("/write?db=demo", { body, headers: { "content-encoding": "gzip" } })).status;
    const small = await gzip("cpu v=1 1");
    assert.equal(await post(small), 204);
    assert.equal(await post(small.subarray(0, -6)), 400);
    assert.equal(await post(new TextEncoder().encode("cpu v=1 1 and no gzip")), 400);
    assert.equal(await post(await gzip(`cpu v=1 1${"\n".repeat(1_000)}`)), 413);
    assert.equal((await ask("/write?db=demo", { body: "x".repeat(1_001) })).status, 413);
  });

  test("is full at some point, and then stores nothing more", async () => {
    const { write, query } = start({ maxPoints: 2 });
    assert.equal(await write("a v=1 1\na v=1 2\na v=1 3"), '503 {"error":"demo server is full"}\n');
    assert.equal(await query("SHOW MEASUREMENTS"), results(""));
    assert.equal(await write("a v=1 1\na v=1 2"), "204 ");
    assert.equal((await write("a v=1 3")).slice(0, 3), "503");
  });
});

describe("/query", () => {
  test("databases in order of creation; creating one twice is no error", async () => {
    const { ask, query } = start();
    const create = { body: "q=create+database+%22a+%5C%22b%22", headers: FORM };
    for (const _ of [1, 2]) assert.equal(textOf(await ask("/query", create)), results(""));
    assert.equal(
      await query("SHOW DATABASES"),
      results(',"series":[{"name":"databases","columns":["name"],"values":[["demo"],["a \\"b"]]}]'),
    );
  });

  test("keeps every digit, and tells a tag from a field of the same name", async () => {
    const { write, query } = start();
    await write(
      'm,v=t v="<\u2028\b>",i=-9223372036854775808i,b=true -1500000000\nm f=1e300 9223372036854775806',
    );
    assert.equal(
      await query("SELECT * FROM m"),
      results(
        ',"series":[{"name":"m","columns":["time","b","f","i","v","v_1"],"values":[' +
          '["1969-12-31T23:59:58.5Z",true,null,-9223372036854775808,"\\u003c\\u2028\\u0008\\u003e","t"],' +
          '["2262-04-11T23:47:16.854775806Z",null,1e+300,null,null,null]]}]',
      ),
    );
  });

  test("runs nothing if it does not know every statement, and says that it is the demo server that does not", async () => {
    const { ask, query } = start();
    const answer = await ask("/query", { body: "q=CREATE+DATABASE+x;DROP+DATABASE+demo", headers: FORM });
    const message = "error parsing query: the demo server does not know this statement: DROP DATABASE demo";
    assert.deepEqual([answer.status, textOf(answer)], [400, `{"error":"${message}"}\n`]);
    assert.doesNotMatch(await query("SHOW DATABASES"), /"x"/);
  });

  test("a statement that fails ends the query", async () => {
    const { query } = start();
    const failed = '{"statement_id":1,"error":"database not found: nope"}';
    const ok = '{"statement_id":0}';
    assert.equal(
      await query("SHOW MEASUREMENTS; SELECT * FROM m", "db=nope"),
      `{"results":[${ok},${failed}]}\n`,
    );
    assert.equal(
      await query("SELECT * FROM m; SHOW DATABASES", "db=nope"),
      '{"results":[{"statement_id":0,"error":"not executed"}]}\n',
    );
  });
});

test("/ping answers 204 with a version; other paths and methods are refused", async () => {
  const { ask } = start();
  const ping = await ask("/ping", { method: "HEAD" });
  assert.equal(ping.status, 204);
  assert.ok(ping.headers["X-Influxdb-Version"]);
  assert.equal((await ask("/ping")).status, 405);
  assert.equal((await ask("/constructor")).status, 404);
});

const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function gzip(text: string): Promise<Uint8Array> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
