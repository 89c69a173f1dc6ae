import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsToPassOn, proofsOf } from "../../src/http/credentials.ts";
import { parseParameters } from "../../src/http/parameters.ts";

const none = parseParameters("/write");
const passedOn = (query: string, header?: string) =>
  credentialsToPassOn(parseParameters(`/write?${query}`), header)?.authorization;

test("a request without credentials passes none on", () => {
  assert.equal(passedOn("db=d"), undefined);
  assert.equal(passedOn("u=a"), undefined);
  assert.equal(passedOn("u=a&p="), undefined);
});

test("u and p become Basic, in UTF-8, and come before a header", () => {
  assert.equal(passedOn("u=root&p=root"), "Basic cm9vdDpyb290");
  assert.equal(passedOn("u=%C3%A9&p=%E2%82%AC", "Bearer x"), "Basic w6k64oKs");
});

test("Token user:password becomes Basic, which 1.6 understands too", () => {
  assert.equal(passedOn("", "Token root:root"), "Basic cm9vdDpyb290");
});

test("other headers are passed on as they are", () => {
  for (const header of ["Token x", "Bearer a:b", "basic cm9vdDpyb290", "Basic %%", "Digest a=b, c=d"]) {
    assert.equal(passedOn("", header), header);
  }
});

test("proofs: what a header can mean", () => {
  const root = { kind: "password", username: "root", password: "ro:ot" };
  assert.deepEqual(proofsOf(none, undefined), []);
  assert.deepEqual(proofsOf(none, "Basic cm9vdDpybzpvdA=="), [root]);
  assert.deepEqual(proofsOf(none, "basic cm9vdDpybzpvdA=="), [root]);
  assert.deepEqual(proofsOf(none, "Token root:ro:ot"), [{ kind: "token", token: "root:ro:ot" }, root]);
  assert.deepEqual(proofsOf(none, "Bearer root:ro:ot"), [{ kind: "token", token: "root:ro:ot" }]);
  assert.deepEqual(proofsOf(parseParameters("/?u=root&p=ro:ot"), undefined), [root]);
});

test("proofs: what cannot be read is none", () => {
  for (const header of [
    "Basic %%",
    "Basic",
    "Basic cm9vdA==",
    "bearer x",
    "Token",
    "Bearer a b",
    "Digest x",
  ]) {
    assert.deepEqual(proofsOf(none, header), [], header);
  }
});
