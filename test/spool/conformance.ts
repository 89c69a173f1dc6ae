import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpoolRecord, SpoolStore } from "../../src/spool/store.ts";

const destination = { db: "d", rp: "", precision: "", credentials: undefined };

function record(seq: number, body: string): SpoolRecord {
  return { seq, destination, body: new TextEncoder().encode(body) };
}

/** What every store behind {@link SpoolStore} must do. */
export function testStore(name: string, open: () => SpoolStore): void {
  const seqs = (store: SpoolStore) => [...store.records()].map(({ seq }) => seq);

  test(`${name}: records come out in the order in which they went in, whole`, () => {
    const store = open();
    for (const seq of [3, 10, 9]) store.append(record(seq, `m v=${seq} 1`));
    assert.deepEqual(seqs(store), [3, 10, 9]);
    assert.deepEqual([...store.records()][1], record(10, "m v=10 1"));
  });

  test(`${name}: count and bytes are those of the records that are there`, () => {
    const store = open();
    assert.deepEqual([store.count, store.bytes], [0, 0]);
    store.append(record(1, "x".repeat(100)));
    const one = store.bytes;
    assert.ok(one >= 100);
    store.append(record(2, "x".repeat(100)));
    assert.deepEqual([store.count, store.bytes], [2, 2 * one]);
    assert.equal(store.remove(1), true);
    assert.deepEqual([store.count, store.bytes, seqs(store)], [1, one, [2]]);
    assert.equal(store.remove(2), true);
    assert.deepEqual([store.count, store.bytes], [0, 0]);
  });

  test(`${name}: what is not there is not removed, and changes no figure`, () => {
    const store = open();
    store.append(record(1, "a"));
    const { bytes } = store;
    assert.equal(store.remove(2), false);
    assert.equal(store.remove(1), true);
    assert.equal(store.remove(1), false);
    assert.ok(bytes > 0);
    assert.equal(store.bytes, 0);
  });

  test(`${name}: a record may be removed while the records are gone through`, () => {
    const store = open();
    for (const seq of [1, 2, 3]) store.append(record(seq, "a"));
    for (const { seq } of store.records()) store.remove(seq);
    assert.equal(store.count, 0);
  });
}
