import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthRule } from "../../src/config/config.ts";
import { Secret } from "../../src/config/secret.ts";
import { createAuthenticator, equalDigests } from "../../src/http/authenticator.ts";
import type { Proof } from "../../src/http/credentials.ts";

const RULES: AuthRule[] = [
  { username: "a", password: new Secret("b:c") },
  { username: "é", password: new Secret("€") },
  { token: new Secret("t0ken") },
];
const password = (username: string, secret: string): Proof => ({
  kind: "password",
  username,
  password: secret,
});
const token = (text: string): Proof => ({ kind: "token", token: text });

test("accepts what a rule says, and nothing else", async () => {
  const authenticate = createAuthenticator(RULES);
  assert.equal(await authenticate([password("a", "b:c")]), true);
  assert.equal(await authenticate([password("\xc3\xa9", "\xe2\x82\xac")]), true);
  assert.equal(await authenticate([token("t0ken")]), true);
  assert.equal(await authenticate([password("x", "y"), token("t0ken")]), true);
  assert.equal(await authenticate([]), false);
  for (const proof of [
    password("a:b", "c"),
    password("ab", ":c"),
    password("a", "b:"),
    password("a", "\xe2\x82\xac"),
    password("t0ken", ""),
    password("x", "t0ken"),
    token("t0ke"),
    token("a:b:c"),
    token(""),
  ]) {
    assert.equal(await authenticate([proof]), false, JSON.stringify(proof));
  }
});

test("compares with every rule, whatever is right or wrong", async () => {
  let compared = 0;
  const authenticate = createAuthenticator(RULES, (a, b) => {
    compared++;
    assert.equal(a.byteLength, 32);
    assert.equal(b.byteLength, 32);
    return equalDigests(a, b);
  });
  for (const proof of [
    password("a", "b:c"),
    password("wrong", "b:c"),
    password("a", "wrong"),
    password("a", "b"),
    password("a", "b:c".repeat(1000)),
    token("t0ken"),
    token("x"),
  ]) {
    compared = 0;
    await authenticate([proof]);
    assert.equal(compared, RULES.length, JSON.stringify(proof));
  }
});

test("digests are equal only if all bytes are", () => {
  const digest = Uint8Array.from({ length: 32 }, (_, i) => i);
  assert.equal(equalDigests(digest, digest.slice()), true);
  for (const at of [0, 15, 31]) {
    const other = digest.slice();
    other[at] = 255;
    assert.equal(equalDigests(digest, other), false);
  }
});
