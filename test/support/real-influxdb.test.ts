import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "./faulty-influxdb.ts";
import { type RealInfluxdb, startRealInfluxdb } from "./real-influxdb.ts";
import { requireReal } from "./require-real.ts";

describe("a real InfluxDB", { skip: requireReal("influxd") }, () => {
  let real: RealInfluxdb | undefined;
  let demo: FaultyInfluxdb | undefined;

  before(async () => {
    [real, demo] = await Promise.all([
      startRealInfluxdb({ databases: ["demo"] }),
      startFaultyInfluxdb({ databases: ["demo"] }),
    ]);
  });
  after(() => Promise.all([real?.close(), demo?.close()]));

  const POST = { method: "POST" };
  const requests: readonly [string, RequestInit?][] = [
    ["/ping"],
    ["/ping", POST],
    ["/nope"],
    [
      "/write?db=demo",
      { ...POST, body: 'cpu,host=a v=1,n=9007199254740993i,s="<é\\"\n",b=t 1500000000\ncpu v=-0 -7' },
    ],
    ["/write?db=demo", { ...POST, body: 'cpu,host=b v="x" 2\nm\\ 1,t=a\\=b f\\,=1e30,w=1 3' }],
    ["/write?db=demo", { ...POST, body: "bad\ncpu v= 1" }],
    ["/write?db=demo", { ...POST, body: "no point here\n".repeat(100) }],
    ["/write?db=demo", { ...POST, body: "bad\ncpu,host=c v=9 1" }],
    ["/write?db=demo&rp=x", { ...POST, body: "cpu v=1" }],
    ["/write?db=demo&consistency=x", { ...POST, body: "cpu v=1" }],
    ["/write?db=demo", { ...POST, body: "cpu,time=x v=1" }],
    ["/write?db=demo", { ...POST, body: "# nothing" }],
    ["/write?db=x&rp=x", { ...POST, body: "cpu v=1" }],
    ["/write", { ...POST, body: "cpu v=1" }],
    ["/write?db=demo"],
    ["/write?db=demo", { ...POST, body: "x", headers: { "content-encoding": "gzip" } }],
    ["/write?db=demo", { ...POST, body: "no gzip at all", headers: { "content-encoding": "gzip" } }],
    ["/query?q=CREATE+DATABASE+x"],
    ["/query", { ...POST, body: new URLSearchParams({ q: 'CREATE DATABASE "a b"; SHOW DATABASES;' }) }],
    ["/query?db=demo&q=SHOW+MEASUREMENTS"],
    ["/query?db=nope&q=SHOW+MEASUREMENTS"],
    ["/query?q=SHOW+MEASUREMENTS"],
    ["/query?db=demo&q=SELECT+*+FROM+cpu"],
    ["/query?db=demo&epoch=u&q=select+*+from+%22cpu%22"],
    ["/query?db=demo&q=SELECT+count(*)+FROM+cpu"],
    ["/query?db=demo&q=SELECT+*+FROM+nope"],
    ["/query?db=nope&q=SHOW+DATABASES%3BSELECT+*+FROM+cpu"],
    ["/query?db=nope&q=SELECT+*+FROM+cpu%3BSHOW+DATABASES"],
    ["/query?q=SELECT+*+FROM+cpu"],
    ["/query"],
  ];

  test("the demo server answers as it does, and holds the same points", async () => {
    for (const [path, init] of requests) {
      const ask = async (url = "") => {
        const response = await fetch(url + path, init);
        const header = (name: string) => response.headers.get(name)?.split(", ").sort().join(", ");
        return {
          status: response.status,
          body: await response.text(),
          headers: ["content-type", "x-influxdb-error", "allow"].map(header),
        };
      };
      assert.deepEqual(await ask(demo?.url), await ask(real?.url), `${path} ${init?.body ?? ""}`);
    }
    const points = await real?.points("demo");
    assert.deepEqual(points, demo?.points("demo"));
    assert.equal(points?.length, 4);
  });

  test("keeps its address and its data when it is killed, stopped and restarted", async () => {
    assert.ok(real);
    assert.equal((await real.write("demo", "kept v=1i 1")).status, 204);
    const { url, pid } = real;
    await real.kill();
    await real.start();
    await real.restart();
    assert.notEqual(real.pid, pid);
    assert.equal(real.url, url);
    assert.deepEqual(await real.points("demo", { measurements: ["kept"] }), ["kept v=1i 1"]);
  });

  test("does not answer while it is paused", async () => {
    assert.ok(real);
    real.pause();
    let answered = false;
    const answer = real.query("SHOW DATABASES").then(() => {
      answered = true;
    });
    // Its port is open all the same: a connection is enough to know that the request could have been sent.
    await assert.rejects(fetch(`${real.url}/ping`, { signal: AbortSignal.timeout(100) }), {
      name: "TimeoutError",
    });
    assert.equal(answered, false);
    real.resume();
    await answer;
  });

  test("asks for credentials if it has an administrator", async () => {
    const admin = { username: "root", password: "secret" };
    const guarded = await startRealInfluxdb({ databases: ["d"], admin });
    try {
      assert.equal((await guarded.write("d", "m v=1 1")).status, 204);
      assert.deepEqual(await guarded.points("d"), ["m v=1 1"]);
      assert.equal((await fetch(`${guarded.url}/write?db=d`, { method: "POST", body: "m v=1" })).status, 401);
    } finally {
      await guarded.close();
    }
  });
});
