/**
 * MurmurHash3_x86_32 by Austin Appleby (public domain), in 32-bit integers only, so that every runtime computes the
 * same. It spreads keys; it does not keep anybody from finding two with one hash.
 */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** The hash of the first `length` bytes, as a signed 32-bit integer. */
export function murmur3(bytes: Uint8Array, length: number, seed: number): number {
  const whole = length & ~3;
  let hash = seed;
  for (let i = 0; i < whole; i += 4) hash = mix(hash, wordAt(bytes, i));
  let rest = 0;
  for (let i = length - 1; i >= whole; i--) rest = (rest << 8) | (bytes[i] as number);
  return finish(hash ^ scramble(rest), length);
}

/** The hash of four 32-bit integers: of their 16 bytes, the lowest of each first. */
export function murmur3Words(a: number, b: number, c: number, d: number, seed: number): number {
  return finish(mix(mix(mix(mix(seed, a), b), c), d), 16);
}

function wordAt(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  );
}

function mix(hash: number, word: number): number {
  return (Math.imul(rotateLeft(hash ^ scramble(word), 13), 5) + 0xe6546b64) | 0;
}

const scramble = (word: number): number => Math.imul(rotateLeft(Math.imul(word, C1), 15), C2);

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function finish(mixed: number, length: number): number {
  let hash = mixed ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
