import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunningAnswer } from "../../src/backend/query-client.ts";
import { TransportError } from "../../src/errors.ts";
import { readWhole } from "../../src/query/body.ts";
import { hold, readOpening } from "../../src/query/opening.ts";
import { errorsIn, isTransient } from "../../src/query/transient.ts";
import { createTestPlatform } from "../support/test-platform.ts";

const { gunzip } = createTestPlatform();
const open = (answer: RunningAnswer) => readOpening(answer, gunzip);
const encode = (text: string) => new TextEncoder().encode(text);
const JSON_ERROR = '{"results":[{"statement_id":0,"error":"engine is closed"}]}\n';

/** An answer whose pieces are read one after the other; a function is called when its turn comes. */
function answerOf(
  ...pieces: (Uint8Array | (() => Promise<never>))[]
): RunningAnswer & { readonly reads: number } {
  let reads = 0;
  return {
    head: { status: 200, header: () => undefined, headers: [] },
    get reads() {
      return reads;
    },
    async read() {
      const piece = pieces[reads++];
      return typeof piece === "function" ? piece() : piece;
    },
    cancel: () => {},
  };
}

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const textOf = async (answer: RunningAnswer) => new TextDecoder().decode(await readWhole(answer, 1e6));

test("the first piece is looked at, and nothing of the answer is lost", async () => {
  const answer = answerOf(encode('{"results":[{"sta'), encode("rest"));
  const opening = await open(answer);
  assert.equal(opening.text, '{"results":[{"sta');
  assert.equal(answer.reads, 1);
  assert.equal(await textOf(opening.answer), '{"results":[{"starest');
});

test("an empty answer has no text", async () => {
  const opening = await open(answerOf());
  assert.equal(opening.text, "");
  assert.equal(await textOf(opening.answer), "");
});

test("a gzip answer is inflated, also behind a header that comes first", async () => {
  const packed = await gzip(JSON_ERROR);
  for (const pieces of [[packed], [packed.subarray(0, 10), packed.subarray(10)]]) {
    const opening = await open(answerOf(...pieces));
    assert.equal(opening.text, JSON_ERROR);
    assert.deepEqual(await readWhole(opening.answer, 1e6), packed);
  }
});

test("in whatever pieces a gzip answer comes, all of it is passed on, and only its header is waited behind", async () => {
  const packed = await gzip(JSON_ERROR);
  for (const size of [1, 2, 7, 40]) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < packed.length; at += size) pieces.push(packed.subarray(at, at + size));
    const answer = answerOf(...pieces);
    const opening = await open(answer);
    assert.ok(answer.reads <= Math.ceil(33 / size), String(answer.reads));
    assert.deepEqual(await readWhole(opening.answer, 1e6), packed);
  }
});

test("a gzip answer that stays open is not waited for", { timeout: 5_000 }, async () => {
  const packed = await gzip(JSON_ERROR);
  const never = () => new Promise<never>(() => {});
  assert.equal((await open(answerOf(packed, never))).text, JSON_ERROR);
  assert.equal((await open(answerOf(packed.subarray(0, 50), never))).text, "");
});

test("large and damaged gzip answers are passed on unseen", async () => {
  const large = await gzip(Array.from({ length: 20_000 }, (_, i) => `${i * 7919}`).join());
  const opening = await open(answerOf(large.subarray(0, 8_000), large.subarray(8_000)));
  assert.equal(opening.text, "");
  assert.deepEqual(await readWhole(opening.answer, 1e6), large);
  const damaged = new Uint8Array(100).fill(0xff);
  damaged.set([0x1f, 0x8b]);
  const odd = await open(answerOf(damaged));
  assert.equal(odd.text, "");
  assert.deepEqual(await readWhole(odd.answer, 1e6), damaged);
});

test("an answer that breaks off before it says something is none; afterwards its reader learns it", async () => {
  const cut = () => Promise.reject(new TransportError("reset", true, "cut"));
  await assert.rejects(open(answerOf(cut)), TransportError);
  const opening = await open(answerOf(encode("x"), cut));
  await opening.answer.read();
  await assert.rejects(opening.answer.read(), TransportError);
  const packed = await open(answerOf(await gzip(JSON_ERROR), cut));
  await packed.answer.read();
  await assert.rejects(packed.answer.read(), TransportError);
});

test("an answer is held up to a size", async () => {
  const short = await hold(answerOf(encode("ab"), encode("cd")), 4);
  assert.equal(short.ended, true);
  assert.equal(await textOf(short.answer), "abcd");
  const long = await hold(answerOf(encode("ab"), encode("cd"), encode("ef")), 3);
  assert.equal(long.ended, false);
  assert.equal(await textOf(long.answer), "abcdef");
});

test("errors are found in every format", () => {
  const binary = (...parts: (number | string)[]) =>
    parts.map((part) => (typeof part === "number" ? String.fromCharCode(part) : part)).join("");
  const error = (length: number[], text: string) =>
    binary(0x81, 0xa7, "results", 0x91, 0x81, 0xa5, "error", ...length, text);
  assert.deepEqual(errorsIn(JSON_ERROR), ["engine is closed"]);
  assert.deepEqual(errorsIn('{"results": [{"error": "a \\"b\\" \\u003c"}]}'), ['a "b" <']);
  assert.deepEqual(
    errorsIn('{"results":[{"series":[{"values":[["\\"error\\":\\"engine is closed\\""]]}]}]}'),
    [],
  );
  assert.deepEqual(errorsIn(error([0xb0], "engine is closed")), ["engine is closed"]);
  const long = `max-concurrent-queries limit exceeded(${"9".repeat(200)}, 1)`;
  assert.deepEqual(errorsIn(error([0xd9, long.length], long)), [long]);
  assert.deepEqual(errorsIn(error([0xda, 1, 44], "x".repeat(300))), ["x".repeat(300)]);
  assert.deepEqual(errorsIn("name,tags,time,v\nm,,1,2\n"), []);
});

test("errors of the server are told from errors of the statement", () => {
  for (const text of ["engine is closed", "shard is disabled", "query engine shutdown", "not executed"])
    assert.ok(isTransient(text), text);
  assert.ok(isTransient("read /var/x.tsm: input/output error"));
  for (const text of ["database not found: engine is closed", "query-timeout limit exceeded", "timeout of x"])
    assert.ok(!isTransient(text), text);
});
