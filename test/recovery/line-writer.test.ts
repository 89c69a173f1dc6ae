import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerReader } from "../../src/recovery/answer.ts";
import { ByteBuffer, byteString, bytesOf } from "../../src/recovery/bytes.ts";
import { isWritable, type LineSeries, lineSeries, writeRow } from "../../src/recovery/line-writer.ts";
import { parsePoints } from "../../src/write/points.ts";
import { Float, type Packed, pack } from "./msgpack.ts";

interface Given {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, Packed>>;
  readonly time: bigint;
}

/** The line of one row, as a byte string; undefined if there is none. */
function lineOf({ name, tags, fields, time }: Given): {
  line: string | undefined;
  series: LineSeries;
  writable: boolean;
} {
  const row: Packed = new Map<string, Packed>([
    ["name", name],
    ["tags", new Map(Object.entries(tags))],
    ["columns", ["time", ...Object.keys(fields)]],
    ["values", [[time, ...Object.values(fields)]]],
  ]);
  const out = new ByteBuffer(8);
  let series: LineSeries | undefined;
  let line: string | undefined;
  let writable = false;
  const reader = new AnswerReader({
    series: (found) => {
      series = lineSeries(found);
    },
    row: (found) => {
      writable = isWritable(series as LineSeries, found);
      if (writeRow(out, series as LineSeries, found)) line = byteString(out.bytes, 0, out.length);
    },
  });
  reader.push(pack(new Map([["results", [new Map([["series", [row]]])]]])));
  return { line, series: series as LineSeries, writable };
}

const one = (fields: Given["fields"], name = "m", tags = {}) => lineOf({ name, tags, fields, time: 5n }).line;

test("writes each value so that it reads back the same", () => {
  assert.equal(
    one({ i: -(2n ** 63n), j: 2n ** 63n - 1n, k: 0n }),
    "m i=-9223372036854775808i,j=9223372036854775807i,k=0i 5",
  );
  const floats = {
    a: new Float(-0),
    b: new Float(5e-324),
    c: new Float(1.7976931348623157e308),
    d: new Float(1e21),
    e: new Float(3),
  };
  assert.equal(one(floats), "m a=-0,b=5e-324,c=1.7976931348623157e+308,d=1e+21,e=3 5");
  assert.equal(one({ t: true, f: false }), "m f=false,t=true 5");
  assert.equal(one({ s: 'a "b" \\ \n\x00\xff' }), 'm s="a \\"b\\" \\\\ \n\x00\xff" 5');
});

test("leaves out fields without a value, and rows without a field", () => {
  assert.equal(one({ a: null, b: 1n, c: null }), "m b=1i 5");
  assert.equal(one({ a: null }), undefined);
});

test("sorts tags and fields, and leaves out empty tags", () => {
  const { line } = lineOf({
    name: "m",
    tags: { z: "1", a: "2", e: "" },
    fields: { y: 1n, b: 2n },
    time: -1n,
  });
  assert.equal(line, "m,a=2,z=1 b=2i,y=1i -1");
});

test("escapes as InfluxDB reads it", () => {
  const { line } = lineOf({ name: "a b,c=d", tags: { "k =,": "v =," }, fields: { "f =,": 1n }, time: 1n });
  assert.equal(line, "a\\ b\\,c=d,k\\ \\=\\,=v\\ \\=\\, f\\ \\=\\,=1i 1");
  assert.equal(one({ "f\\g": 1n }, "a\\b", { "t\\k": "a\\\nb" }), "a\\b,t\\k=a\\\nb f\\g=1i 5");
});

test("knows names that no line can say", () => {
  const writable = (name: string, tags: Record<string, string> = {}, fields: Given["fields"] = { v: 1n }) =>
    lineOf({ name, tags, fields, time: 1n }).writable;
  assert.ok(
    writable("m") && writable('q"uo"te') && writable('back\\"slash') && writable("é", { "\xff": "\xfe" }),
  );
  assert.ok(!writable("m\\"), "the backslash would take the space with it");
  assert.ok(!writable("#m"), "a comment");
  assert.ok(!writable("\tm"), "the tab would be skipped");
  assert.ok(!writable("a\nb"), "two lines");
  assert.ok(
    !writable("m", { t: "a\\" }) && !writable("m", { "t\\": "a" }) && !writable("m", {}, { "f\\": 1n }),
  );
});

test("what it writes, InfluxDB reads as what was given, or it says that it cannot", () => {
  const names = fc.string({
    unit: fc.constantFrom(..."abcdefgh", " ", ",", "=", '"', "\\", "\n", "#", "\t", "\xe9", "'"),
    minLength: 1,
    maxLength: 4,
  });
  const values = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new Float(value)),
    fc.boolean(),
    fc.string({ unit: fc.constantFrom("a", '"', "\\", "\n", " ", ","), maxLength: 8 }),
  );
  const given = fc.record({
    name: names,
    tags: fc.dictionary(names, names, { maxKeys: 3 }),
    fields: fc.dictionary(names, values, { minKeys: 1, maxKeys: 4 }),
    time: fc.bigInt({ min: -(2n ** 63n) + 2n, max: 2n ** 63n - 2n }),
  });
  let written = 0;
  fc.assert(
    fc.property(given, (point) => {
      const { line, writable } = lineOf(point);
      if (!writable) return;
      written++;
      // Bytes above ASCII are told by their number.
      const text = (bytes: string) => bytes.replaceAll("\xe9", "é");
      const body = `${text(line as string)}\nnext v=1 1`;
      const { points, errors } = parsePoints(new TextEncoder().encode(body), "", 0n);
      assert.deepEqual([errors, points.map(({ measurement }) => measurement).slice(1)], [[], ["next"]], line);
      const [read] = points;
      assert.equal(read?.measurement, text(point.name));
      assert.deepEqual(
        new Map(read?.tags),
        new Map(Object.entries(point.tags).map(([key, value]) => [text(key), text(value)])),
      );
      const fields = Object.entries(point.fields).map(([key, value]) => [
        text(key),
        value instanceof Float ? value.value : value,
      ]);
      assert.deepEqual(
        new Map([...(read?.fields ?? [])].map(([key, { value }]) => [key, value])),
        new Map(fields as []),
      );
      assert.equal(read?.timeNs, point.time);
    }),
    { seed: 11, numRuns: 3_000 },
  );
  assert.ok(written > 500, `${written} of 3,000 could be written`);
});

test("byte strings keep every byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(bytesOf(byteString(all, 0, 256)), all);
  const long = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  assert.deepEqual(bytesOf(byteString(long, 0, long.length)), long);
});
