import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { gunzip, gzip } from "../../../adapters/node/gzip.ts";
import { GunzipError } from "../../../src/errors.ts";

const MAX = 10_000_000;
/** Noise, so that the packed form is large too. */
const NOISE = Buffer.from(
  Array.from({ length: 200_000 }, (_, i) => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255),
);
const SMALL = Buffer.from("m v=1 1\n".repeat(10));

async function messageOf(bytes: Uint8Array, max = MAX): Promise<string> {
  try {
    await gunzip(bytes, max);
  } catch (error) {
    assert.ok(error instanceof GunzipError, String(error));
    return error.tooLarge ? "too large" : error.message;
  }
  return "fine";
}

for (const [size, plain] of Object.entries({ small: SMALL, large: NOISE })) {
  const packed = gzipSync(plain);
  const with_ = (at: number, ...bytes: number[]) => {
    const copy = Buffer.from(packed);
    for (const [i, byte] of bytes.entries()) copy[(at < 0 ? copy.length + at : at) + i] = byte;
    return copy;
  };
  const join = (...parts: readonly (Uint8Array | string)[]) =>
    Buffer.concat(parts.map((part) => Buffer.from(part)));

  test(`${size}: what is sound is inflated, several members too`, async () => {
    assert.deepEqual(Buffer.from(await gunzip(packed, MAX)), plain);
    assert.deepEqual(Buffer.from(await gunzip(join(packed, packed), MAX)), join(plain, plain));
    assert.deepEqual(Buffer.from(await gunzip(await gzip(plain), MAX)), plain);
  });

  test(`${size}: damage is named as InfluxDB names it`, async () => {
    // Tried on InfluxDB 1.6.7; for corrupt data it adds an offset that zlib does not tell.
    assert.equal(await messageOf(plain), "gzip: invalid header");
    assert.equal(await messageOf(with_(2, 7)), "gzip: invalid header");
    assert.equal(await messageOf(packed.subarray(0, -4)), "unexpected EOF");
    assert.equal(await messageOf(packed.subarray(0, 12)), "unexpected EOF");
    assert.equal(await messageOf(packed.subarray(0, 5)), "unexpected EOF");
    assert.equal(await messageOf(with_(-8, 1, 2)), "gzip: invalid checksum");
    assert.equal(await messageOf(with_(-4, 1, 2, 3)), "gzip: invalid checksum");
    assert.equal(await messageOf(join(packed, "junkjunkjunkjunk")), "gzip: invalid header");
    assert.equal(await messageOf(join(packed, new Uint8Array(20))), "gzip: invalid header");
    assert.equal(await messageOf(join(packed, packed.subarray(0, -9))), "unexpected EOF");
    assert.equal(await messageOf(with_(10, 255, 255, 255, 255)), "flate: corrupt input");
  });

  test(`${size}: the limit is on what comes out, to the byte`, async () => {
    assert.equal(await messageOf(packed, plain.length), "fine");
    assert.equal(await messageOf(packed, plain.length - 1), "too large");
    assert.equal(await messageOf(join(packed, packed), 2 * plain.length - 1), "too large");
  });
}

test("nothing, and less than a header", async () => {
  assert.equal(await messageOf(new Uint8Array(0)), "EOF");
  assert.equal(await messageOf(Buffer.from("plain")), "unexpected EOF");
});

test("small bodies do not leave the thread, large ones do", () => {
  assert.ok(gunzip(gzipSync(SMALL), MAX) instanceof Uint8Array);
  assert.ok(gunzip(gzipSync(NOISE), MAX) instanceof Promise);
});
