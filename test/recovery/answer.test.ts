import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerReader, type Series } from "../../src/recovery/answer.ts";
import { AnswerError } from "../../src/recovery/errors.ts";
import type { Value } from "../../src/recovery/msgpack.ts";
import { Float, type Packed, pack } from "./msgpack.ts";

type Read = (Series & { rows: Value[][] })[];

function read(bytes: Uint8Array, cuts: readonly number[] = []): { read: Read; reader: AnswerReader } {
  const found: Read = [];
  const reader = new AnswerReader({
    series: (series) => void found.push({ ...series, rows: [] }),
    row: (row) => void found.at(-1)?.rows.push(Array.from({ length: row.size }, (_, at) => row.value(at))),
  });
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (cut > from) reader.push(bytes.slice(from, cut));
    from = cut;
  }
  return { read: found, reader };
}

const byteText = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  maxLength: 300,
});
const cell = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -40, max: 300 }).map(BigInt),
  fc.double().map((value) => new Float(value)),
  byteText,
);
const series = fc.record({
  name: byteText,
  tags: fc.dictionary(byteText, byteText, { maxKeys: 3 }),
  columns: fc.array(byteText, { minLength: 1, maxLength: 20 }),
  rows: fc.array(fc.array(cell, { minLength: 1, maxLength: 20 }), { maxLength: 20 }),
});
type AnySeries = {
  name: string;
  tags: Record<string, string>;
  columns: string[];
  rows: (Packed & Packed[])[] | Packed[][];
};

const object = (entries: Record<string, Packed>) => new Map(Object.entries(entries));
const packed = ({ name, tags, columns, rows }: AnySeries): Packed =>
  new Map<string, Packed>([
    ["name", name],
    ["tags", new Map(Object.entries(tags))],
    ["columns", columns],
    ["values", rows],
  ]);
const unpacked = (value: Packed): Value => (value instanceof Float ? value.value : (value as Value));

test("reads every value, however the answer is cut", () => {
  const chunks = fc.array(fc.array(series, { maxLength: 3 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(100_000), { maxLength: 30 }), (all, cuts) => {
      const bytes = all.map((some, i) => {
        const more: Record<string, Packed> = i < all.length - 1 ? { partial: true } : {};
        const messages = [object({ level: "warning", text: "x" })];
        const result = object({ statement_id: BigInt(i), messages, series: some.map(packed), ...more });
        return pack(object({ results: [result] }));
      });
      const whole = Uint8Array.from(bytes.flatMap((piece) => [...piece]));
      const { read: found, reader } = read(whole, cuts);
      const expected = all.flatMap((some, statement) =>
        some.map(({ name, tags, columns, rows }) => ({
          ...{ statement, name, columns },
          tags: Object.entries(tags),
          rows: rows.map((row) => row.map(unpacked)),
        })),
      );
      assert.deepEqual(found, expected);
      assert.ok(reader.complete);
      assert.equal(reader.error, undefined);
    }),
    { seed: 7, numRuns: 200 },
  );
});

test("knows that an answer is not complete", () => {
  const row: Packed = object({ name: "m", columns: ["time"], values: [[1n]] });
  const whole = pack(object({ results: [object({ statement_id: 0n, series: [row] })] }));
  for (let length = 0; length < whole.length; length++) {
    assert.ok(!read(whole.slice(0, length)).reader.complete, `${length} bytes`);
  }
  assert.ok(read(whole).reader.complete);
  const partial = pack(object({ results: [object({ statement_id: 0n, series: [row], partial: true })] }));
  assert.ok(!read(partial).reader.complete, "InfluxDB said that more follows");
});

test("gives InfluxDB's words, of a statement or of the whole", () => {
  const statement = object({ results: [object({ statement_id: 0n, error: "engine is closed" })] });
  assert.equal(read(pack(statement)).reader.error, "engine is closed");
  assert.equal(read(pack(object({ error: "error parsing query" }))).reader.error, "error parsing query");
  const behind = object({ results: [object({ statement_id: 1n, error: "not executed" })] });
  const both = read(Buffer.concat([pack(statement), pack(behind)])).reader;
  assert.deepEqual([both.error, both.complete], ["engine is closed", true]);
});

test("refuses what is no such answer", () => {
  const wrong = [
    new TextEncoder().encode('{"results":[]}'),
    pack(object({ results: "text" })),
    pack(object({ results: [object({ series: [object({ name: "m", values: [[1n]] })] })] })),
    Uint8Array.of(0x81, 0xa7, ...new TextEncoder().encode("results"), 0xc1),
  ];
  for (const bytes of wrong) assert.throws(() => read(bytes), AnswerError);
});
