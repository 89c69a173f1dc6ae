import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShardingConfig } from "../../src/config/config.ts";
import { Sharding } from "../../src/shard/sharding.ts";
import { pointLineBounds } from "../../src/write/line-scan.ts";
import { errorReply, STORED } from "../../src/write/reply.ts";
import type { Reply, Write, Writer } from "../../src/writer.ts";
import { bytes, text } from "../write/line-protocol.ts";
import { mapConfig, type TestMap } from "./maps.ts";

const { signal } = new AbortController();
const MAP: TestMap = { by: ["tag:t"], shards: { s1: 1, s2: 1, s3: 1 }, pin: { a: "s1", b: "s2", "": "s3" } };

const config = (map: TestMap): ShardingConfig => {
  const { shards, ...rest } = mapConfig(map);
  return { ...rest, shards: shards.map((shard) => ({ ...shard, outputs: [] })) };
};

const writeOf = (body: string): Write => ({
  destination: { db: "d", rp: "r", precision: "s", credentials: { authorization: "x" } },
  body: bytes(body),
  hasLines: true,
  closed: true,
  source: "client",
  keep: "acknowledged",
  consistency: "quorum",
});

/** A writer that waits for its answer. */
function scripted() {
  const writes: Write[] = [];
  const answers: ((reply: Reply) => void)[] = [];
  const writer: Writer = {
    post: (write) => {
      writes.push(write);
      return new Promise((resolve) => answers.push(resolve));
    },
  };
  return { writer, writes, answer: (reply: Reply) => answers.shift()?.(reply) };
}

test("each shard gets its part at once, with all that the write says", async () => {
  const shards = [scripted(), scripted(), scripted()];
  const router = new Sharding(config(MAP)).router(shards.map(({ writer }) => writer));
  const write = writeOf("m,t=a v=1 1\nm v=1 1\nm,t=a v=2 2\n");
  const reply = router.post(write, signal);
  const [first, second, third] = shards.map(({ writes }) => writes);
  assert.deepEqual(second, []);
  assert.deepEqual(first, [{ ...write, body: bytes("m,t=a v=1 1\nm,t=a v=2 2\n"), lines: 2 }]);
  assert.deepEqual(third, [{ ...write, body: bytes("m v=1 1\n"), lines: 1 }]);
  shards[2]?.answer(STORED);
  shards[0]?.answer(errorReply(503, "down"));
  const { status, influxError } = await reply;
  assert.deepEqual([status, influxError], [503, "shard s1: down"]);
});

test("a write of one shard is passed on itself, and so is its answer", async () => {
  const shards = [scripted(), scripted(), scripted()];
  const router = new Sharding(config(MAP)).router(shards.map(({ writer }) => writer));
  const write = writeOf("m,t=b v=1 1\n");
  const reply = router.post(write, signal);
  assert.equal(shards[1]?.writes[0], write);
  const down = errorReply(503, "down");
  shards[1]?.answer(down);
  assert.equal(await reply, down);
});

test("what was found out of the body is not kept with what waits for a shard", () => {
  const shards = [scripted(), scripted(), scripted()];
  const router = new Sharding(config(MAP)).router(shards.map(({ writer }) => writer));
  const one = writeOf("m,t=a v=1 1");
  const two = writeOf("m,t=a v=1 1\nm,t=b v=1 1");
  for (const write of [one, two]) {
    void router.post({ ...write, lineBounds: pointLineBounds(write.body) }, signal);
  }
  const writes = shards.flatMap((shard) => shard.writes);
  assert.deepEqual(
    writes.map(({ body, lineBounds }) => [text(body), lineBounds]),
    [
      ["m,t=a v=1 1", undefined],
      ["m,t=a v=1 1\n", undefined],
      ["m,t=b v=1 1", undefined],
    ],
  );
  assert.equal(writes[0]?.body, one.body);
});

test("the status shows the map, and what each shard was sent, also before a reload", async () => {
  const stores: Writer = { post: async () => STORED };
  const before = new Sharding(config(MAP));
  await before
    .router([stores, stores, stores])
    .post(writeOf("m,t=a v=1 1\nm,t=b v=1 1\nm,t=b v=1 2"), signal);
  const after = new Sharding(config({ ...MAP, shards: { s4: 2, s2: 1 }, pin: { b: "s2" } }), before);
  await after.router([stores, stores]).post(writeOf("m,t=b v=1 1"), signal);
  const { map, by, shards } = after.status([["x"], ["y", "z"]]);
  assert.deepEqual([map.version, map.algorithm, map.hash], [1, "hrw1", after.map.hash]);
  assert.deepEqual(by, ["tag:t"]);
  assert.deepEqual(shards, [
    { name: "s4", weight: 2, replicas: ["x"], writes: 0, lines: 0, bytes: 0 },
    { name: "s2", weight: 1, replicas: ["y", "z"], writes: 2, lines: 3, bytes: 34 },
  ]);
  assert.notEqual(after.map.hash, before.map.hash);
  assert.equal(text(bytes("m,t=b v=1 1\nm,t=b v=1 2m,t=b v=1 1")).length, 34);
});
