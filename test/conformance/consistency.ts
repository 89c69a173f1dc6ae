import assert from "node:assert/strict";
import { assertError, firstWrite, type SceneOptions, type SceneTest } from "./scene.ts";

const LINE = "m v=1 1";
const RETRY: SceneOptions = { output: { "max-delay-interval": "20ms" } };
const REJECT = { kind: "status", status: 400, body: '{"error":"no"}\n', path: "/write" } as const;
const DOWN = { kind: "status", status: 503, path: "/write" } as const;

/** For {@link quorumOfThree}. */
export const QUORUM: SceneOptions = {
  ...RETRY,
  backends: 3,
  listener: { consistency: "quorum", "honour-consistency": true },
};
/** For {@link allOfTwo}. */
export const ALL: SceneOptions = { ...RETRY, listener: { consistency: "all" } };

/** The level `one`, which is the default. */
export function consistencyOne(test: SceneTest): void {
  test("the parameter is checked and then left aside", async ({ b, send, newDb }) => {
    b.setFault(DOWN);
    for (const level of ["any", "ONE", "quorum", "all", ""]) {
      assert.equal(
        (await send(`/write?db=${newDb()}&consistency=${level}`, { body: LINE })).status,
        204,
        level,
      );
    }
  });
}

export function allOfTwo(test: SceneTest): void {
  test("waits for every backend", async ({ b, post, newDb }) => {
    b.setFault({ kind: "hold", store: "after", path: "/write" });
    const answer = post(newDb(), LINE);
    await b.waitForHeld(1);
    assert.equal(await Promise.race([answer, "none yet"]), "none yet");
    b.release();
    assert.equal((await answer).status, 204);
  });

  test("is a 503 with Retry-After when one does not take it", async ({ b, post, newDb }) => {
    b.setFault(DOWN);
    const answer = await post(newDb(), LINE);
    assertError(answer, 503, /stored by 1 replicas, 2 needed/);
    assert.equal(answer.headers["retry-after"], "1");
  });

  test("is the rejection of the backend that rejects first", async ({ a, b, post, newDb }) => {
    const db = newDb();
    a.setFault(REJECT);
    b.setFault({ kind: "hold", store: "after", path: "/write" });
    const answer = await post(db, LINE);
    assert.deepEqual([answer.status, answer.text], [400, '{"error":"no"}\n']);
    await firstWrite(b, db);
  });
}

export function quorumOfThree(test: SceneTest): void {
  test("is reached by two, and missed by one", async ({ a, b, newDb, post }) => {
    a.setFault(DOWN);
    assert.equal((await post(newDb(), LINE)).status, 204);
    b.setFault(DOWN);
    assertError(await post(newDb(), LINE), 503, /stored by 1 replicas, 2 needed/);
  });

  test("is not undone by a rejection that comes later", async ({ a, newDb, post }) => {
    a.setFault({ kind: "hold", store: "after", path: "/write", times: 1 });
    assert.equal((await post(newDb(), LINE)).status, 204);
    await a.waitForHeld(1);
  });

  test("of the request rules if the config says so", async ({ b, backends: [, , c], send, newDb }) => {
    const ask = (level: string) => send(`/write?db=${newDb()}&consistency=${level}`, { body: LINE });
    assert.equal((await ask("all")).status, 204);
    b.setFault(DOWN);
    c?.setFault(DOWN);
    assert.equal((await ask("one")).status, 204);
    assert.equal((await ask("any")).status, 204);
    assertError(await ask("quorum"), 503, /stored by 1 replicas, 2 needed/);
    assertError(await ask("all"), 503, /stored by 1 replicas, 3 needed/);
  });
}
