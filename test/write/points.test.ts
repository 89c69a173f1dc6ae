import assert from "node:assert/strict";
import { test } from "node:test";
import { type Point, parsePoints } from "../../src/write/points.ts";
import { bytes, read } from "./line-protocol.ts";

/** What influxd 1.6.7 answered to each line alone. */
const REFUSED: readonly (readonly [line: string, error: string])[] = [
  ["m", "missing fields"],
  ["m ", "invalid field format"],
  ["m,t=a", "missing fields"],
  ["m\\", "missing fields"],
  ["m v", "invalid field format"],
  ["m v ", "invalid field format"],
  ["m v=", "missing field value"],
  ["m v=,w=1", "missing field value"],
  ["m v= 1", "missing field value"],
  ["m =1", "missing field key"],
  ["m v=1,=2", "missing field key"],
  ["m ,v=1", "invalid field format"],
  [",t=a v=1", "missing measurement"],
  ["m, v=1", "missing tag key"],
  ["m,t v=1", "missing tag value"],
  ["m,=a v=1", "missing tag key"],
  ["m,t= v=1", "missing tag value"],
  ["m,t=,u=b v=1", "missing tag value"],
  ["m,t=a=b v=1", "invalid tag format"],
  ["m,t=a,t=b v=1", "duplicate tags"],
  ["m,b=1,a=1,b=2 v=1", "duplicate tags"],
  ["m v=1,", "invalid field format"],
  ["m v=1,w", "invalid field format"],
  ["m v=1,w,x=2", "invalid field format"],
  ['m v="abc', "unbalanced quotes"],
  ['m v="abc\\"', "unbalanced quotes"],
  ['m v="a"b"', "unbalanced quotes"],
  ["m v=1\r", "invalid number"],
  ["m v=1 5\r", "bad timestamp"],
  ["m v=1\t", "invalid number"],
  ["m v=1 5\t", "bad timestamp"],
  ["m v=1\t5", "invalid number"],
  ["m v=-", "invalid number"],
  ["m v=-.", "invalid number"],
  ["m v=.", "invalid number"],
  ["m v=1.2.3", "invalid number"],
  ["m v=1.2.3e5", "invalid number"],
  ["m v=1e", "invalid float"],
  ["m v=1e400", "invalid float"],
  ["m v=-e5", "invalid float"],
  ["m v=1ee5", "invalid float"],
  ["m v=--1", "invalid number"],
  ["m v=+1", "invalid boolean"],
  ["m v=i", "invalid boolean"],
  ["m v=-i", "invalid number"],
  ["m v=1i0", "invalid number"],
  ["m v=1ii", "invalid number"],
  ["m v=1u", "invalid number"],
  ["m v=1.0i", "invalid number"],
  ["m v=1e5i", "invalid number"],
  [
    "m v=9223372036854775808i",
    'unable to parse integer 9223372036854775808: strconv.ParseInt: parsing "9223372036854775808": value out of range',
  ],
  [
    "m v=-9223372036854775809i",
    'unable to parse integer -9223372036854775809: strconv.ParseInt: parsing "-9223372036854775809": value out of range',
  ],
  ["m v=NaN", "invalid number"],
  ["m v=nan", "invalid number"],
  ["m v=N", "invalid number"],
  ["m v=Inf", "invalid boolean"],
  ["m v=inf", "invalid boolean"],
  ["m v=tr", "invalid boolean"],
  ["m v=tRUE", "invalid boolean"],
  ["m v=fALSE", "invalid boolean"],
  ["m v=x", "invalid boolean"],
  ["m v=1 x", "bad timestamp"],
  ["m v=1 1.5", "bad timestamp"],
  ["m v=1 -", 'strconv.ParseInt: parsing "-": invalid syntax'],
  ["m v=1 --1", "bad timestamp"],
  ["m v=1 +5", "bad timestamp"],
  ["m v=1 5 6", "point is invalid"],
  ["m v=1 5x", "bad timestamp"],
  ["m v=1 9223372036854775807", "time outside range -9223372036854775806 - 9223372036854775806"],
  ["m v=1 9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
  ["m v=1 -9223372036854775807", "time outside range -9223372036854775806 - 9223372036854775806"],
  ["m v=1 w=2", "bad timestamp"],
  ["m v=1  w=2 5", "bad timestamp"],
  ["m a\\\\=1", "invalid value: field-key=a\\\\=1"],
];

for (const [line, error] of REFUSED) {
  test(`${JSON.stringify(line)} is refused in InfluxDB's words`, () => {
    assert.deepEqual(read(bytes(line)), { points: [], errors: [`unable to parse '${line}': ${error}`] });
  });
}

/** What influxd 1.6.7 stored. */
const TAKEN: readonly string[] = [
  'm v="x"\\',
  'm v="x"\r',
  "m v=1 \t5",
  "m v=.5",
  "m v=5.",
  "m v=1e5",
  "m v=1e+5",
  "m v=1E-5",
  "m v=1i",
  "m v=9223372036854775807i",
  "m v=-9223372036854775808i",
  "m v=true",
  "m v=TRUE",
  "m v=True",
  "m v=t",
  "m v=T",
  "m v=f",
  "m v=False",
  "m v=1 -5",
  "m v=1 9223372036854775806",
  "m v=1 -9223372036854775806",
  "m v=1 00000000000000000000000005",
  'm v="a"b=1,x,c=2',
  "m \t=1",
  ' a="b v=1 \n 5',
  'm\\\\ x="a f=1 \n"',
];

for (const line of TAKEN) {
  test(`${JSON.stringify(line)} is a point`, () => {
    const { points, errors } = read(bytes(line));
    assert.deepEqual([points.length, errors], [1, []]);
  });
}

const point = (line: string): Point => {
  const { points, errors } = read(bytes(line), 99n);
  assert.deepEqual(errors, []);
  assert.equal(points.length, 1);
  return points[0] as Point;
};

test("a point has its measurement, tags, fields and time", () => {
  assert.deepEqual(point('cpu,b=2,a=1 v=1.5,n=2i,s="x",t=T,f=false 7'), {
    measurement: "cpu",
    tags: [
      ["a", "1"],
      ["b", "2"],
    ],
    fields: new Map<string, unknown>([
      ["v", { type: "float", value: 1.5 }],
      ["n", { type: "integer", value: 2n }],
      ["s", { type: "string", value: "x" }],
      ["t", { type: "boolean", value: true }],
      ["f", { type: "boolean", value: false }],
    ]),
    timeNs: 7n,
  });
});

test("tags are sorted by bytes", () => {
  const { tags } = point("m,\u{1F600}=1,\uFF5E=2,a=3,A=4 v=1");
  assert.deepEqual(
    tags.map(([key]) => key),
    ["A", "a", "\uFF5E", "\u{1F600}"],
  );
});

test("names are unescaped, and a backslash before anything else stays", () => {
  const { measurement, tags, fields } = point("m\\,\\ \\=\\x,t\\,\\ \\==\\,\\ \\=\\y f\\,\\ \\=\\z=1");
  assert.equal(measurement, "m, =\\x");
  assert.deepEqual(tags, [["t, =", ", =\\y"]]);
  assert.deepEqual([...fields.keys()], ["f, =\\z"]);
});

test("an escaped comma, space or quote does not end a name", () => {
  assert.deepEqual([...point("m v=1,a\\,=2,b\\ =3").fields.keys()], ["v", "a,", "b "]);
  assert.equal(point('m\\"x v=1').measurement, 'm"x');
});

test("fields are cut apart by other rules than they are checked", () => {
  assert.deepEqual(
    [...point('m v="a"\\,w=2,x,y=3').fields].map(([name, { value }]) => [name, value]),
    [
      ["v", 'a"'],
      ["w", 2],
      ["x,y", 3],
    ],
  );
});

test("in strings only quotes and backslashes are unescaped", () => {
  assert.equal(point('m v="\\"\\\\\\n\\,, =\n"').fields.get("v")?.value, '"\\\\n\\,, =\n');
});

test("integers keep all 64 bits", () => {
  assert.equal(point("m v=-9223372036854775808i").fields.get("v")?.value, -(2n ** 63n));
  assert.equal(point("m v=9007199254740993i").fields.get("v")?.value, 9007199254740993n);
});

test("of two fields with one name the last counts", () => {
  assert.deepEqual(point("m v=1,v=2i").fields, new Map([["v", { type: "integer", value: 2n }]]));
});

test("a string field loses the last byte of what stands behind its closing quote", () => {
  assert.equal(point('m v="x"\r').fields.get("v")?.value, 'x"');
  assert.equal(point('m v="x"\\').fields.get("v")?.value, 'x"');
});

test("times are in units of the precision, and a missing one is rounded down to it", () => {
  const times = (precision: string) =>
    parsePoints(bytes("m v=1 2\nm v=1"), precision, 7_384_000_000_999n).points.map(({ timeNs }) => timeNs);
  assert.deepEqual(times("u"), [2_000n, 7_384_000_000_000n]);
  assert.deepEqual(times("h"), [7_200_000_000_000n, 7_200_000_000_000n]);
  assert.deepEqual(times("us"), [2n, 7_384_000_000_999n]);
});

test("a time that overflows in its precision is out of range", () => {
  assert.match(
    parsePoints(bytes("m v=1 9223372036854775"), "ms", 0n).errors.join(),
    /time outside range -9223372036854775806 - 9223372036854775806$/,
  );
});

test("a key of more than 65535 bytes is refused, also with its field", () => {
  const long = "k".repeat(65_536);
  assert.match(read(bytes(`${long} v=1`)).errors.join(), /max key length exceeded: 65536 > 65535$/);
  assert.match(read(bytes(`${long.slice(5)} v=1`)).errors.join(), /max key length exceeded: 65536 > 65535$/);
  assert.deepEqual(read(bytes(`${long.slice(6)} v=1`)).errors, []);
});

test("one bad line does not cost the good ones", () => {
  const { points, errors } = read(bytes("m v=1 1\nbroken\n# c\n\nm v=\nm v=2 2"));
  assert.deepEqual(
    points.map(({ timeNs }) => timeNs),
    [1n, 2n],
  );
  assert.deepEqual(errors, [
    "unable to parse 'broken': missing fields",
    "unable to parse 'm v=': missing field value",
  ]);
});
