import assert from "node:assert/strict";
import type { ShardingStatus } from "../../src/shard/sharding.ts";
import { assertError, type SceneOptions, type SceneTest, stored, writesTo } from "./scene.ts";

/** For {@link sharded}. */
export const SHARDED: SceneOptions = {
  sharded: true,
  listener: { "shard-by": "tag:t", pin: { a: "a", b: "b" }, "pin-prefix": { "a-": "a" } },
  output: { "max-delay-interval": "20ms" },
};

/** The same on every runtime: the pure hash, without pins, and in the status. */
const HASHED = [
  ["k1", "a"],
  ["k3", "b"],
  ["世界", "b"],
  ["", "b"],
] as const;

/** What a relay does whose points are divided. */
export function sharded(test: SceneTest): void {
  test("each shard gets its points, in their order and in one request", async ({ a, b, post, newDb }) => {
    const db = newDb();
    const answer = await post(db, "m,t=a v=1 1\nm,t=b v=1 1\n# note\nm,t=a-x v=1 1\nm,t=a v=2 2");
    assert.equal(answer.status, 204);
    assert.deepEqual(
      [a, b].map((shard) => writesTo(shard, db).map(({ text }) => text)),
      [["m,t=a v=1 1\nm,t=a-x v=1 1\nm,t=a v=2 2"], ["m,t=b v=1 1\n"]],
    );
  });

  test("a key has the same shard on every runtime", async ({ a, b, post, newDb }) => {
    const db = newDb();
    for (const [key] of HASHED) assert.equal((await post(db, `m${key && `,t=${key}`} v=1 1`)).status, 204);
    const owners = HASHED.map(([key]) => {
      const line = `m${key && `,t=${key}`} v=1 1`;
      return [a, b].flatMap((shard, i) => (shard.points(db).includes(line) ? "ab"[i] : []));
    });
    assert.deepEqual(
      owners,
      HASHED.map(([, owner]) => [owner]),
    );
  });

  test("what can be tried again is told first", async ({ a, b, post, newDb }) => {
    const db = newDb();
    b.setFault({ kind: "status", status: 503, path: "/write" });
    const answer = await post(db, "m,t=a v=1 1\nm,t=b v=1 1\nbroken");
    assertError(answer, 503, /^shard b: /);
    await stored([a], db, ["m,t=a v=1 1"]);
  });

  test("what is rejected is told as of one InfluxDB", async ({ a, b, post, newDb }) => {
    const db = newDb();
    const reject = (error: string) =>
      ({
        kind: "status",
        status: 400,
        body: `{"error":"partial write: ${error}"}\n`,
        path: "/write",
      }) as const;
    a.setFault(reject("one dropped=1"));
    b.setFault(reject("two dropped=2"));
    const { status, text, headers } = await post(db, "m,t=a v=1 1\nm,t=b v=1 1");
    assert.deepEqual([status, JSON.parse(text)], [400, { error: "partial write: one\ntwo dropped=3" }]);
    assert.equal(headers["x-influxdb-error"], "partial write: one two dropped=3");
  });

  test("the status shows the shards and their map", async ({ send }) => {
    const { listeners } = JSON.parse((await send("/status")).text) as {
      listeners: { sharding: ShardingStatus }[];
    };
    const { map, by, shards } = listeners[0]!.sharding;
    assert.deepEqual(map, { version: 1, algorithm: "hrw1", hash: "b1d90fce01c91e3c" });
    assert.deepEqual(by, ["tag:t"]);
    assert.deepEqual(
      shards.map(({ name, weight, replicas }) => [name, weight, replicas]),
      [
        ["a", 1, ["a"]],
        ["b", 1, ["b"]],
      ],
    );
  });
}
