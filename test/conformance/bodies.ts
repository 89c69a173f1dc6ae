import assert from "node:assert/strict";
import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { poll } from "../support/wait.ts";
import { assertError, firstWrite, type SceneOptions, type SceneTest, stored, writesTo } from "./scene.ts";

const LIMIT = 10_000;
const GZIP = { headers: { "Content-Encoding": "gzip" } };
const CHUNKED = { chunked: true };
const TOO_LARGE = "Request Entity Too Large";
/** Nanoseconds in each unit of a request's precision, and in what is taken for nanoseconds. */
const UNITS = {
  "": 1n,
  n: 1n,
  u: 1_000n,
  ms: 1_000_000n,
  s: 10n ** 9n,
  m: 60n * 10n ** 9n,
  h: 3_600n * 10n ** 9n,
};

/** For {@link bodies}. */
export const LIMITED: SceneOptions = { listener: { "max-body-size": LIMIT } };

/** What may be in a body, and how it may be packed and sent. */
export function bodies(test: SceneTest): void {
  test("a body in which every line has a time is forwarded byte for byte", async ({
    backends,
    newDb,
    post,
  }) => {
    const db = newDb();
    const body = '# comment\r\nm,t=\\ x v=1,s="a\nb" 1\r\n\n   m v=2i -5\nm\u00e9,t=\u{1f600} v=t 3   \n';
    await post(db, body);
    for (const backend of backends) assert.equal((await firstWrite(backend, db)).text, body);
  });

  for (const [precision, unit] of Object.entries(UNITS)) {
    test(`a line without a time gets the same one everywhere (precision "${precision}")`, async ({
      a,
      b,
      send,
      newDb,
    }) => {
      const db = newDb();
      const earliest = BigInt(Date.now()) * 1_000_000n;
      await send(`/write?db=${db}&precision=${precision}`, { body: "m v=1\nm v=2 7\nm v=3" });
      const latest = BigInt(Date.now() + 1) * 1_000_000n;
      const [first, second] = [await firstWrite(a, db), await firstWrite(b, db)];
      assert.equal(first.text, second.text);
      const [, time = ""] = /^m v=1 (\d+)\nm v=2 7\nm v=3 \1$/.exec(first.text) ?? [];
      assert.ok(BigInt(time) >= earliest / unit && BigInt(time) <= latest / unit, first.text);
    });
  }

  test("an empty body, or one of comments, is an empty 204 as InfluxDB's", async ({ newDb, post }) => {
    assert.equal((await post(newDb(), "")).status, 204);
    assert.equal((await post(newDb(), "# nothing\n")).status, 204);
  });

  test("a body that comes in chunks is taken whole", async ({ backends, newDb, post }) => {
    const db = newDb();
    assert.equal((await post(db, "m v=1 1", CHUNKED)).status, 204);
    await stored(backends, db, ["m v=1 1"]);
  });

  test("a gzip body is unpacked, of one member or of several", async ({ a, backends, newDb, post }) => {
    const [one, two] = [newDb(), newDb()];
    assert.equal((await post(one, gzipSync("m v=1 1\n"), GZIP)).status, 204);
    await stored(backends, one, ["m v=1 1"]);
    const members = Buffer.concat([gzipSync("m v=1 1\n"), gzipSync("m v=2 2\n")]);
    assert.equal((await post(two, members, GZIP)).status, 204);
    await stored(backends, two, ["m v=1 1", "m v=2 2"]);
    const { headers } = await firstWrite(a, one);
    assert.equal(headers["content-encoding"], undefined);
  });

  test("a gzip body that is damaged is a 400 and reaches nobody", async ({ a, newDb, post }) => {
    const good = gzipSync("m v=1 1\n".repeat(50));
    const db = newDb();
    const damaged: [string, Uint8Array, string][] = [
      ["empty", new Uint8Array(0), "EOF"],
      ["short", Buffer.from("short"), "unexpected EOF"],
      ["truncated", good.subarray(0, -10), "unexpected EOF"],
      ["no gzip", Buffer.from("m v=1 1\n".repeat(3)), "gzip: invalid header"],
      ["junk behind it", Buffer.concat([good, Buffer.from("junkjunkjunkjunk")]), "gzip: invalid header"],
      [
        "a wrong checksum",
        Buffer.concat([good.subarray(0, -8), Buffer.alloc(4), good.subarray(-4)]),
        "gzip: invalid checksum",
      ],
    ];
    for (const [name, body, message] of damaged) {
      assertError(await post(db, body, GZIP), 400, message);
      assert.equal(writesTo(a, db).length, 0, name);
    }
  });

  test("what inflates to more than is allowed is a 413, however small it came", async ({ newDb, post }) => {
    assertError(await post(newDb(), gzipSync(Buffer.alloc(LIMIT + 1)), GZIP), 413, TOO_LARGE);
    assertError(await post(newDb(), gzipSync(Buffer.alloc(50_000_000)), GZIP), 413, TOO_LARGE);
  });

  test("the limit counts bytes, said or not", async ({ newDb, post }) => {
    const db = newDb();
    const line = 'm v="" 1';
    const exact = line.replace('""', `"${"x".repeat(LIMIT - line.length)}"`);
    assert.equal((await post(db, exact)).status, 204);
    assert.equal((await post(db, exact, CHUNKED)).status, 204);
    assertError(await post(newDb(), `${exact} `), 413, TOO_LARGE);
    assertError(await post(newDb(), `${exact} `, CHUNKED), 413, TOO_LARGE);
    assertError(await post(newDb(), "x".repeat(1_000_000), CHUNKED), 413, TOO_LARGE);
  });

  test("an encoding that nobody supports is a 415", async ({ a, newDb, post }) => {
    const db = newDb();
    const answer = await post(db, deflateSync("m v=1 1"), {
      headers: { "Content-Encoding": "deflate" },
    });
    assertError(answer, 415, /gzip is what is supported/);
    assert.equal(writesTo(a, db).length, 0);
  });

  for (const [name, head] of [
    ["with a length", "Content-Length: 100\r\n\r\nm v=1 1\n"],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n8\r\nm v=1 1\n\r\n"],
  ]) {
    test(`a client that goes away in the middle of its body (${name}) wrote nothing`, async ({
      a,
      relay,
      send,
      post,
      newDb,
    }) => {
      const db = newDb();
      const counters = async () => JSON.parse((await send("/status")).text).listeners[0].counters;
      const before = await counters();
      const { hostname, port } = new URL(relay.url);
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      await new Promise<void>((resolve) => {
        socket.write(`POST /write?db=${db} HTTP/1.1\r\nHost: x\r\n${head}`, () => resolve());
      });
      await poll(async () => (await counters()).writes > before.writes, "a write");
      socket.resetAndDestroy();
      await poll(async () => (await counters()).aborted > before.aborted, "an aborted write");
      assert.equal((await post(newDb(), "m v=1 1")).status, 204);
      assert.equal(writesTo(a, db).length, 0);
    });
  }
}
