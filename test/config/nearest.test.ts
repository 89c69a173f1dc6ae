import assert from "node:assert/strict";
import test from "node:test";
import { nearest } from "../../src/config/nearest.ts";

test("the nearest word is the one that takes the fewest slips", () => {
  const known = ["buffer-size-mb", "max-batch-kb", "timeout", "ca", "key"];
  assert.equal(nearest("bufer-size-mb", known), "buffer-size-mb");
  assert.equal(nearest("BUFFER_SIZE_MB", known), "buffer-size-mb");
  assert.equal(nearest("max-batch-mb", known), "max-batch-kb");
  assert.equal(nearest("tiemout", known), "timeout");
  assert.equal(nearest("kye", known), "key");
});

test("a word that is near none has no nearest", () => {
  assert.equal(nearest("retries", ["timeout", "ca", "key"]), undefined);
  assert.equal(nearest("to", ["ca", "key"]), undefined);
  assert.equal(nearest("x", []), undefined);
});
