import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { survey } from "../../src/write/line-scan.ts";
import { stamp } from "../../src/write/stamp.ts";
import { bodies, bytes, plainBodies, read, text } from "./line-protocol.ts";

const CASES: readonly (readonly [why: string, body: string, stamped: string])[] = [
  ["each line that has no time", "m v=1\nm v=2 5\nm v=3", "m v=1 99\nm v=2 5\nm v=3 99"],
  ["before a last newline", "m v=1\n", "m v=1 99\n"],
  ["behind a carriage return", 'm v="x"\r\nm v=2\r', 'm v="x"\r 99\nm v=2\r 99'],
  ["behind an escaped carriage return", 'm v="x"\\\r\n', 'm v="x"\\\r 99\n'],
  ["behind blanks", "m v=1 \t\0 \n", "m v=1 \t\0  99\n"],
  ["behind a string with a newline", 'm v="a\nb"\nm v=1 5', 'm v="a\nb" 99\nm v=1 5'],
  ["behind an escaped backslash", 'm v="x"\\\\', 'm v="x"\\\\ 99'],
  ["in place of a stray backslash, which InfluxDB would drop", 'm v="x"\\', 'm v="x"_ 99'],
  ["in place of a stray backslash before the last newline", 'm v="x"\\\n', 'm v="x"_ 99\n'],
  ["before a newline that only the line scan sees in a string", ' a="b v=1 \n"', ' a="b v=1  99\n"'],
];

for (const [why, body, expected] of CASES) {
  test(`the time goes ${why}`, () => assert.equal(text(stamp(bytes(body), "99").body), expected));
}

for (const body of [
  "",
  "\n",
  "# v=1",
  "m v=1 5",
  "m",
  "m v",
  "m,t=a",
  "m v=1 x",
  'm v="open',
  "m\\",
  'm v="a=1" 5',
]) {
  test(`${JSON.stringify(body)} is returned itself`, () => {
    const given = bytes(body);
    assert.equal(stamp(given, "99").body, given);
  });
}

test("a body is changed exactly if its survey says so", () => {
  fc.assert(
    fc.property(bodies(), (body) => {
      const given = bytes(body);
      assert.equal(stamp(given, "99").body !== given, survey(given).untimed);
    }),
    { numRuns: 2000 },
  );
});

test("no point of a stamped body depends on the server's clock", () => {
  fc.assert(
    fc.property(bodies(), (body) => {
      const stamped = stamp(bytes(body), "99").body;
      assert.deepEqual(read(stamped, 1n).points, read(stamped, 2n).points);
      assert.equal(survey(stamped).untimed, false);
    }),
    { numRuns: 2000 },
  );
});

test("a stamped body holds the points that InfluxDB would have read at that time", () => {
  // Only behind a leading blank or a doubled backslash can a quote in a measurement count.
  const hidesNewlines = /(^|\n)[ \t\0]|\\\\/;
  fc.assert(
    fc.property(bodies(), (body) => {
      fc.pre(!hidesNewlines.test(body));
      const given = bytes(body);
      const stamped = read(stamp(given, "99").body, 1n);
      const expected = read(given, 99n);
      assert.deepEqual(stamped.points, expected.points);
      assert.equal(stamped.errors.length, expected.errors.length);
    }),
    { numRuns: 2000 },
  );
});

test("a body without quotes and backslashes is stamped as any other", () => {
  fc.assert(
    fc.property(plainBodies(), (body) => {
      const stamped = stamp(bytes(body), "99");
      const other = stamp(bytes(`${body}\n#"`), "99");
      assert.equal(text(other.body), `${text(stamped.body)}\n#"`);
      assert.equal(other.lines, stamped.lines);
    }),
    { numRuns: 2000 },
  );
});
