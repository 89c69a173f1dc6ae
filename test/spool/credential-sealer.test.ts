import assert from "node:assert/strict";
import { test } from "node:test";
import { SpoolError } from "../../src/errors.ts";
import { createCredentialSealer } from "../../src/spool/credential-sealer.ts";

const key = new Uint8Array(32).map((_, index) => index);
const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

test("credentials open as they were sealed, also by another sealer with the same key", async () => {
  const sealer = await createCredentialSealer(key);
  for (const authorization of ["Basic dTpw", "Token ü数据🕰", "", "x".repeat(16_000)]) {
    const sealed = await sealer.seal(authorization);
    assert.equal(await sealer.open(sealed), authorization);
    assert.equal(await (await createCredentialSealer(key)).open(sealed), authorization);
  }
});

test("what is sealed shows nothing of the credentials, and no two are alike", async () => {
  const [one, two] = [await createCredentialSealer(key), await createCredentialSealer(key)];
  const [first, second] = [await one.seal("Basic dTpw"), await two.seal("Basic dTpw")];
  assert.doesNotMatch(text(first), /Basic|dTpw/);
  assert.notDeepEqual(first, second);
  assert.notDeepEqual(first.subarray(1, 13), second.subarray(1, 13));
});

test("credentials of one client are sealed once while they are remembered", async () => {
  const sealer = await createCredentialSealer(key);
  const [first, second] = await Promise.all([sealer.seal("Basic a"), sealer.seal("Basic a")]);
  assert.equal(first, second);
  for (let index = 0; index < 1_000; index++) await sealer.seal(`Basic ${index}`);
  const again = await sealer.seal("Basic a");
  assert.notDeepEqual(again, first);
  assert.equal(await sealer.open(first), "Basic a");
});

test("with another key credentials do not open, and the error says what to do", async () => {
  const sealed = await (await createCredentialSealer(key)).seal("Basic dTpw");
  const other = await createCredentialSealer(key.map((byte) => byte ^ 1));
  for (let turn = 0; turn < 2; turn++) {
    await assert.rejects(other.open(sealed), (error) => {
      assert.ok(error instanceof SpoolError && error.failure === "io");
      assert.match(error.message, /credentials-key is not the key they were sealed with/);
      assert.doesNotMatch(error.message, /dTpw/);
      return true;
    });
  }
});

test("one changed bit anywhere, or bytes missing, keep credentials from opening", async () => {
  const sealer = await createCredentialSealer(key);
  const sealed = await sealer.seal("Basic dTpw");
  for (let at = 0; at < sealed.byteLength; at++) {
    const changed = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
    await assert.rejects(sealer.open(changed), SpoolError);
    await assert.rejects(sealer.open(sealed.subarray(0, at)), SpoolError);
  }
});

test("the form of a newer relay is told as one", async () => {
  const sealer = await createCredentialSealer(key);
  const sealed = await sealer.seal("Basic dTpw");
  sealed.set([2]);
  await assert.rejects(sealer.open(sealed), { failure: "version" });
});

test("a key of another size is refused", async () => {
  await assert.rejects(createCredentialSealer(new Uint8Array(16)), RangeError);
});
