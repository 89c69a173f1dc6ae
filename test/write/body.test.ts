import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyError } from "../../src/errors.ts";
import { encodingOf, inflate, readRequest } from "../../src/write/body.ts";

function request(chunks: readonly number[], headers: Record<string, string> = {}): Request {
  const body = new ReadableStream({
    start(controller) {
      for (const length of chunks) controller.enqueue(new Uint8Array(length).fill(length));
      controller.close();
    },
  });
  return new Request("http://test/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
}

const tooLarge = (error: unknown) => error instanceof BodyError && error.reason === "too-large";

test("gzip, also by its old name, and nothing else", () => {
  for (const header of [undefined, "", "identity", " Identity "])
    assert.equal(encodingOf(header), "identity");
  for (const header of ["gzip", "GZip", "x-gzip"]) assert.equal(encodingOf(header), "gzip");
  for (const header of ["deflate", "br", "gzip, gzip", "gzip,identity"])
    assert.equal(encodingOf(header), undefined);
});

test("a plain body is not touched", () => {
  const bytes = new Uint8Array([1, 2]);
  const gunzip = () => assert.fail("not gzip");
  assert.equal(inflate(bytes, "identity", 1, { gunzip }), bytes);
});

test("chunks are joined in order", async () => {
  assert.deepEqual(await readRequest(request([1, 2, 3]), 6), new Uint8Array([1, 2, 2, 3, 3, 3]));
  assert.deepEqual(await readRequest(request([]), 6), new Uint8Array(0));
  assert.deepEqual(await readRequest(new Request("http://test/", { method: "POST" }), 6), new Uint8Array(0));
});

test("the limit holds for the header and for the bytes", async () => {
  await assert.rejects(readRequest(request([1, 2, 3]), 5), tooLarge);
  await assert.rejects(readRequest(request([1], { "content-length": "6" }), 5), tooLarge);
  assert.equal((await readRequest(request([1], { "content-length": "x" }), 5)).byteLength, 1);
});

test("a body that breaks off is aborted", async () => {
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error("reset"));
    },
  });
  const broken = new Request("http://test/", { method: "POST", body, duplex: "half" } as RequestInit);
  await assert.rejects(
    readRequest(broken, 5),
    (error: unknown) => error instanceof BodyError && error.reason === "aborted",
  );
});
