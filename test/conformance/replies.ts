import assert from "node:assert/strict";
import type { Fault, FaultKind } from "../support/faults.ts";
import { poll } from "../support/wait.ts";
import type { Launcher } from "./launcher.ts";
import {
  assertError,
  firstWrite,
  type Scene,
  type SceneOptions,
  type SceneTest,
  stored,
  writesTo,
} from "./scene.ts";

const TIMEOUT_MS = 1_000;
const LINE = "m v=1 1";
const POINT = "m v=1 1";
const NOBODY = /^unable to write points: no InfluxDB answered/;
/** Of an error body, so much is passed on. */
const MAX_ERROR_BYTES = 64 * 1024;

const write = (fault: FaultKind): Fault => ({ ...fault, path: "/write" });
const answers = (status: number, body = "", headers: Record<string, string> = {}): Fault =>
  write({ kind: "status", status, body, headers });
const error = (status: number, message: string, headers: Record<string, string> = {}): Fault =>
  answers(status, `{"error":"${message}"}\n`, {
    "Content-Type": "application/json",
    "X-Influxdb-Error": message,
    ...headers,
  });

/** Where the runtime's own HTTP client waits for nothing after a 1xx. InfluxDB sends none, but a proxy may. */
const NO_INFORMATIONAL: Readonly<Partial<Record<Launcher["runtime"], string>>> = {
  workers: "workerd's fetch does not go on after a 1xx answer",
};

/** The ways of not answering, and what the other backend's writes do not notice. */
const SILENT: [string, FaultKind][] = [
  ["hangs", { kind: "hang" }],
  ["resets the connection before it reads", { kind: "reset", when: "before-reading" }],
  ["resets the connection after it stored", { kind: "reset", when: "after-storing" }],
  ["cuts its answer short", { kind: "truncated" }],
  ["answers what is not HTTP", { kind: "invalid-header" }],
];

/** For {@link replies}. */
export const IMPATIENT: SceneOptions = {
  output: { timeout: `${TIMEOUT_MS}ms`, "max-delay-interval": "20ms" },
};

/** What a client is told, whatever the backends do. */
export function replies(test: SceneTest, runtime: Launcher["runtime"]): void {
  /** Both get faults; the answer that the client then has. */
  const answerTo = ({ a, b, post, newDb }: Scene, faultOfA: Fault | undefined, faultOfB = faultOfA) => {
    a.setFault(faultOfA);
    b.setFault(faultOfB);
    return post(newDb(), LINE);
  };

  test("is 204 when both stored it, and both have the same", async ({ backends, newDb, post }) => {
    const db = newDb();
    assert.equal((await post(db, LINE)).status, 204);
    await stored(backends, db, [POINT]);
  });

  test("is 204 as soon as one stored it", async ({ a, backends, newDb, post }) => {
    const db = newDb();
    a.setFault(write({ kind: "hold", store: "after" }));
    assert.equal((await post(db, LINE)).status, 204);
    assert.deepEqual(a.points(db), []);
    await a.waitForHeld(1);
    a.release();
    await stored(backends, db, [POINT]);
  });

  test("is 204 when one refuses connections, and 503 when both do", async ({
    a,
    b,
    backends,
    newDb,
    post,
  }) => {
    const db = newDb();
    await a.refuse();
    assert.equal((await post(db, LINE)).status, 204);
    await stored([b], db, [POINT]);
    await b.refuse();
    const answer = await post(newDb(), LINE);
    assertError(answer, 503, NOBODY);
    assert.equal(answer.headers["retry-after"], "1");
    for (const { port } of backends) assert.ok(!answer.text.includes(String(port)), answer.text);
    await Promise.all(backends.map((backend) => backend.listenAgain()));
  });

  for (const [name, fault] of SILENT) {
    test(`is 204 when one ${name}, and 503 in time when both do`, async ({ a, b, newDb, post }) => {
      const db = newDb();
      a.setFault(write(fault));
      assert.equal((await post(db, LINE)).status, 204);
      await stored([b], db, [POINT]);
      await poll(async () => writesTo(a, db).length > 0, "the write at a");
      b.setFault(write(fault));
      const started = performance.now();
      assertError(await post(newDb(), LINE), 503, /./);
      assert.ok(performance.now() - started < TIMEOUT_MS + 2_000);
    });
  }

  test("is a rejection, word for word, when that comes first", async ({ a, b, newDb, post }) => {
    const message = 'partial write: field type conflict: "v" dropped=1';
    const body = JSON.stringify({ error: message });
    b.setFault(write({ kind: "hold", store: "after" }));
    a.setFault(
      answers(400, body, {
        "Content-Type": "application/json; charset=x",
        "X-Influxdb-Error": message,
        "X-Secret": "1",
        "Set-Cookie": "a=b",
      }),
    );
    const answer = await post(newDb(), LINE);
    assert.deepEqual([answer.status, answer.text], [400, body]);
    assert.equal(answer.headers["content-type"], "application/json; charset=x");
    assert.equal(answer.headers["x-influxdb-error"], message);
    assert.deepEqual([answer.headers["x-secret"], answer.headers["set-cookie"]], [undefined, undefined]);
    assert.ok(answer.headers["request-id"]);
    await b.waitForHeld(1);
  });

  test("is a rejection in any letters and bytes", async (scene) => {
    const body = 'unable to parse "\u00e9\u{1f600}\u0000": \r\n';
    const header = Buffer.from("unable to parse \u00e9").toString("latin1");
    const fault = answers(422, body, { "Content-Type": "text/plain", "X-Influxdb-Error": header });
    const answer = await answerTo(scene, fault);
    assert.deepEqual([answer.status, answer.text], [422, body]);
    assert.equal(answer.headers["x-influxdb-error"], header);
  });

  test("is the first that is not ready when nobody stored it", async (scene) => {
    const challenge = { "Www-Authenticate": 'Basic realm="InfluxDB"' };
    const both = await answerTo(scene, error(401, "who are you", challenge), error(404, "no such database"));
    assert.deepEqual([both.status, both.text], [401, '{"error":"who are you"}\n']);
    assert.equal(both.headers["www-authenticate"], challenge["Www-Authenticate"]);
    const one = await answerTo(scene, error(500, "broken"), error(403, "forbidden"));
    assert.deepEqual([one.status, one.text], [403, '{"error":"forbidden"}\n']);
  });

  test("is the first 5xx, word for word, when nobody did better", async (scene) => {
    const answer = await answerTo(scene, error(500, "first"), error(503, "second"));
    assert.deepEqual([answer.status, answer.text], [500, '{"error":"first"}\n']);
    assert.equal(answer.headers["x-influxdb-error"], "first");
    assert.equal((await answerTo(scene, undefined, error(500, "first"))).status, 204);
  });

  test("is the answer of the only one that answered", async (scene) => {
    const answer = await answerTo(scene, write({ kind: "truncated" }), error(500, "second"));
    assert.deepEqual([answer.status, answer.text], [500, '{"error":"second"}\n']);
  });

  test("carries the Retry-After of an overloaded backend", async (scene) => {
    for (const status of [429, 503]) {
      const fault = error(status, "slow down", { "Retry-After": "17" });
      const answer = await answerTo(scene, fault);
      assert.deepEqual([answer.status, answer.headers["retry-after"]], [status, "17"]);
      assert.equal(answer.text, '{"error":"slow down"}\n');
    }
  });

  test("is 502 for a redirect, which nobody follows", async ({ a, b, newDb, post }) => {
    for (const status of [301, 302, 307, 308]) {
      const db = newDb();
      const location = { Location: `${b.url}/write?db=${db}` };
      a.setFault(answers(status, "", location));
      b.setFault(answers(status, "", location));
      assert.equal((await post(db, LINE)).status, 502, String(status));
      await firstWrite(b, db);
      assert.equal(writesTo(b, db).length, 1);
      a.setFault();
      b.setFault();
    }
  });

  test("has at most the first 64 KB of an error body", async (scene) => {
    const fault = write({ kind: "endless-body", status: 400 });
    const answer = await answerTo(scene, fault);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers["content-type"], "text/plain");
    assert.equal(answer.text, "x".repeat(MAX_ERROR_BYTES));
  });

  const informational = async (scene: Scene) => {
    const fault = write({ kind: "informational", status: 103 });
    assert.equal((await answerTo(scene, fault)).status, 204);
  };
  test("comes after an informational answer", informational, NO_INFORMATIONAL[runtime]);

  test("comes after an answer that comes byte by byte", async (scene) => {
    assert.equal((await answerTo(scene, write({ kind: "drip", everyMs: 0 }))).status, 204);
  });

  test("is InfluxDB's own partial write when a line is wrong, and the good ones are stored", async ({
    backends,
    post,
    newDb,
  }) => {
    const db = newDb();
    const answer = await post(db, "m v=1 1\nnonsense\nm v=2 2");
    assert.equal(answer.status, 400);
    assert.match(JSON.parse(answer.text).error, /^partial write: unable to parse 'nonsense'/);
    await stored(backends, db, [POINT, "m v=2 2"]);
  });

  test("goes with a log line that tells no address", ({ relay, backends }) => {
    if (runtime !== "workers") assert.ok(relay.log().some(({ event }) => event === "backend-down"));
    for (const line of relay.log()) {
      if (line.event === "listening") continue;
      for (const { port } of backends)
        assert.ok(!JSON.stringify(line).includes(`:${port}`), JSON.stringify(line));
    }
  });
}
