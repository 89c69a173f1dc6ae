import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeRecord,
  encodeRecords,
  isIntact,
  RECORD_HEADER_BYTES,
  type RecordToWrite,
  recordLengthAt,
  recordSize,
  viewOf,
} from "../../src/spool/record.ts";

const anyDestination = fc
  .tuple(
    ...([8, 8, 3, 40].map((maxLength) => fc.uint8Array({ maxLength })) as [
      fc.Arbitrary<Uint8Array>,
      fc.Arbitrary<Uint8Array>,
      fc.Arbitrary<Uint8Array>,
      fc.Arbitrary<Uint8Array>,
    ]),
    fc.boolean(),
  )
  .map(([db, rp, precision, credentials, hadCredentials]) => ({
    bytes: Uint8Array.of(...db, ...rp, ...precision, ...credentials),
    lengths: [db.length, rp.length, precision.length, credentials.length] as const,
    hadCredentials,
  }));

const NOTHING = new Uint8Array(0);
const WRITE = { statement: false };

const anyRecord: fc.Arbitrary<RecordToWrite> = fc.record({
  seq: fc.maxSafeNat(),
  ranMs: fc.double({ noNaN: true }),
  timeMs: fc.double({ noNaN: true }),
  closed: fc.boolean(),
  destination: anyDestination,
  note: fc.uint8Array({ maxLength: 20 }),
  statement: fc.boolean(),
  body: fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(new Uint8Array(40_000).fill(7))),
});

test("records come back as they were written, and stand behind each other", () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), fc.maxSafeNat(), (records, expected) => {
      const bytes = concatenate(encodeRecords(records, expected));
      let at = 0;
      let before = expected;
      for (const record of records) {
        const length = recordLengthAt(viewOf(bytes), at);
        assert.equal(length, recordSize(record));
        const one = bytes.subarray(at, at + length);
        assert.ok(isIntact(one));
        assert.deepEqual(plain({ ...decodeRecord(one) }), plain({ ...record, expected: before }));
        before = record.seq + 1;
        at += length;
      }
      assert.equal(at, bytes.length);
    }),
    { numRuns: 200 },
  );
});

test("large bodies are written from where they are", () => {
  const body = new Uint8Array(100_000);
  const destination = { bytes: new Uint8Array(0), lengths: [0, 0, 0, 0] as const, hadCredentials: false };
  const record = { seq: 1, ranMs: 2, timeMs: 3, closed: true, destination, note: NOTHING, body, ...WRITE };
  const pieces = encodeRecords([record, { ...record, body: new Uint8Array(10) }], 0);
  assert.equal(pieces[1], body);
  assert.equal(pieces.length, 3);
});

test("no changed bit goes unnoticed", () => {
  const destination = { bytes: Uint8Array.of(65, 66), lengths: [1, 1, 0, 0] as const, hadCredentials: true };
  const body = new TextEncoder().encode("m v=1 1");
  const record = { seq: 1, ranMs: 2, timeMs: 3, closed: true, destination, note: NOTHING, body, ...WRITE };
  const bytes = concatenate(encodeRecords([record], 1));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.ok(recordLengthAt(viewOf(changed), 0) !== bytes.length || !isIntact(changed), `bit ${bit}`);
  }
});

test("a length that no record can have is none", () => {
  const view = new DataView(new ArrayBuffer(RECORD_HEADER_BYTES));
  view.setUint32(0, 0xff4c52f5, true);
  for (const [length, result] of [
    [RECORD_HEADER_BYTES - 1, 0],
    [RECORD_HEADER_BYTES, RECORD_HEADER_BYTES],
    [2 ** 30 + 2 ** 20 + 1, 0],
    [2 ** 32 - 1, 0],
  ] as const) {
    view.setUint32(12, length, true);
    assert.equal(recordLengthAt(view, 0), result);
  }
});

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** With byte arrays as text, so that views of different buffers compare by their bytes. */
function plain(record: {
  expected: number;
  destination: { bytes: Uint8Array };
  note: Uint8Array;
  body: Uint8Array;
}): object {
  const { destination, note, body } = record;
  return {
    ...record,
    destination: { ...destination, bytes: `${destination.bytes}` },
    note: `${note}`,
    body: `${body}`,
  };
}
