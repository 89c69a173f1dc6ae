import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pointLineBounds, scanLine, survey } from "../../src/write/line-scan.ts";
import { countLines } from "../../src/write/split.ts";
import { stamp } from "../../src/write/stamp.ts";
import { bodies, bytes, plainBodies, read } from "./line-protocol.ts";

/** The lines that `scanLine` finds, as InfluxDB 1.6 reads them. */
function lines(body: string): string[] {
  const all = bytes(body);
  const found: string[] = [];
  for (let start = 0; start < all.length; ) {
    const end = scanLine(all, start);
    found.push(new TextDecoder().decode(all.subarray(start, end)));
    start = end + 1;
  }
  return found;
}

const LINES: readonly (readonly [why: string, body: string, lines: readonly string[]])[] = [
  ["nothing", "", []],
  ["no last newline", "m v=1\nm v=2", ["m v=1", "m v=2"]],
  ["blank lines", "\n\n m v=1\n", ["", "", " m v=1"]],
  ["a carriage return belongs to the line", "m v=1\r\nm v=2\r\n", ["m v=1\r", "m v=2\r"]],
  ["a newline in a string", 'm v="a\nb" 1\nm v=2', ['m v="a\nb" 1', "m v=2"]],
  ["an escaped quote in a string", 'm v="a\\"\nb"\nm v=2', ['m v="a\\"\nb"', "m v=2"]],
  ["an escaped backslash before the closing quote", 'm v="a\\\\"\nm v=2', ['m v="a\\\\"', "m v=2"]],
  ["quotes in measurement and tags", 'm",t="a v=1\nm v=2', ['m",t="a v=1', "m v=2"]],
  ["a quote in a field key", 'm a"=1\nm v=2', ['m a"=1', "m v=2"]],
  ["quotes count from a leading space on", ' a="b v=1\nm v=2', [' a="b v=1\nm v=2']],
  ["an escaped newline", "m,t=a\\\nb v=1\nm v=2", ["m,t=a\\\nb v=1", "m v=2"]],
  ["an open string", 'm v="a\nm v=2\n', ['m v="a\nm v=2\n']],
  ["a quote in a comment", '# x v="oops\nm v=1\nm v="2\nm v=3', ['# x v="oops\nm v=1\nm v="2', "m v=3"]],
  ["a harmless quote in a comment", '# it"s\nm v=1', ['# it"s', "m v=1"]],
  ["a backslash at the end of a comment", "# note\\\nm v=1", ["# note\\\nm v=1"]],
  ["a backslash before the last newline escapes nothing", "# note\\\n", ["# note\\"]],
  ["a backslash before the last quote escapes nothing", 'm v="a\\"', ['m v="a\\"']],
];

for (const [why, body, expected] of LINES) {
  test(`line ends as InfluxDB sees them: ${why}`, () => assert.deepEqual(lines(body), expected));
}

const NONE = { hasLines: false, untimed: false, closed: true };
const TIMED = { hasLines: true, untimed: false, closed: true };
const UNTIMED = { hasLines: true, untimed: true, closed: true };

const SURVEYS: readonly (readonly [body: string, expected: typeof NONE])[] = [
  ["", NONE],
  ["\n \n\t\0\n", NONE],
  ["# cpu v=1\n  # more=2", NONE],
  ["m v=1 5", TIMED],
  ["m v=1 -5\n", TIMED],
  ["m v=1 5  \n", TIMED],
  ["m v=1 \t5", TIMED],
  ["m v=1 5\r\n", TIMED],
  ["# c\nm v=1 5\nm,t=a v=1,w=2 6\n", TIMED],
  ["m v=1", UNTIMED],
  ["m v=1 5\nm v=2\nm v=3 6", UNTIMED],
  ["m v=1  ", UNTIMED],
  ["m v=1 \t\0", UNTIMED],
  ["m v=1\t", UNTIMED],
  ["m v=1\r\n", UNTIMED],
  ["m,t=a \tv=1", UNTIMED],
  ["m v=bad", UNTIMED],
  // InfluxDB's own error text shall come back: a time would change it.
  ["m", TIMED],
  ["m,t=a", TIMED],
  [" m,t=a ", TIMED],
  ["m v", TIMED],
  ["m v=1 w=2", TIMED],
  ["m v=1 5 w=2", TIMED],
  ["m v=1 \r\n", TIMED],
  // Strings and escapes.
  ['m v="a b"', UNTIMED],
  ['m v="a=1 5" 5', TIMED],
  ['m v="a\nb" 5\nm v=1 5', TIMED],
  ['m v="a\nb"\nm v=1 5', UNTIMED],
  ["m\\ x v=1", UNTIMED],
  ["m,t=a\\ b=c v=1 5", TIMED],
  ["m a\\=1", TIMED],
  ["m v\\ w=1", UNTIMED],
  ['# v="x"\nm v=1', UNTIMED],
  ['m v=1 5\n# it"s', TIMED],
  // What would swallow the first line of a body behind it.
  ['m v="open', { ...TIMED, closed: false }],
  ['m v="open\n', { ...TIMED, closed: false }],
  ['m v="open\\"', { ...TIMED, closed: false }],
  ['m v="x"\\', { ...UNTIMED, closed: false }],
  ["m\\", { ...TIMED, closed: false }],
  ["m\\\n", { ...TIMED, closed: false }],
  ["m v=1 5\n# note\\", { ...TIMED, closed: false }],
  ["m v=1 5\n# note\\\n", { ...TIMED, closed: false }],
  ['m v=1 5\n# x v="oops', { ...TIMED, closed: false }],
  // And what would not, although it looks like it.
  ['m v="x\\\\" 5', TIMED],
  ["# note\\\\\nm v=1 5\n", TIMED],
  ["# note\\\\\n", NONE],
  ['m v="a\\" 5\n" 5\n', TIMED],
];

function withoutLines(body: string): typeof NONE {
  const { lines: _, ...rest } = survey(bytes(body));
  return rest;
}

for (const [body, expected] of SURVEYS) {
  test(`survey of ${JSON.stringify(body)}`, () => assert.deepEqual(withoutLines(body), expected));
}

test("a body without quotes and backslashes is surveyed as any other", () => {
  fc.assert(
    fc.property(plainBodies(), (body) => {
      assert.deepEqual(withoutLines(body), withoutLines(`${body}\n#"`));
    }),
    { numRuns: 2000 },
  );
});

test("a closed body and one behind it are read as each alone", () => {
  fc.assert(
    fc.property(bodies(), bodies(), (first, second) => {
      fc.pre(survey(bytes(first)).closed);
      const [alone, behind, joined] = [first, second, `${first}\n${second}`].map((body) => read(bytes(body)));
      assert.deepEqual(joined?.points, [...(alone?.points ?? []), ...(behind?.points ?? [])]);
      assert.deepEqual(joined?.errors, [...(alone?.errors ?? []), ...(behind?.errors ?? [])]);
    }),
    { numRuns: 2000 },
  );
});

test("a closed body that ends with a newline needs no other before the next body", () => {
  fc.assert(
    fc.property(bodies(), bodies(), (first, second) => {
      fc.pre(first.endsWith("\n") && survey(bytes(first)).closed);
      assert.deepEqual(read(bytes(first + second)), read(bytes(`${first}\n${second}`)));
    }),
    { numRuns: 1000 },
  );
});

test("the lines that are points are told with where they begin and end", () => {
  const text = ' m v=1\n\n# x\nm v="a\nb" 1\r\n#';
  const bounds = pointLineBounds(bytes(text));
  const found = bounds.flatMap((start, i) => (i % 2 === 0 ? [text.slice(start, bounds[i + 1])] : []));
  assert.deepEqual(found, [" m v=1", 'm v="a\nb" 1\r']);
});

test("a survey tells the same lines, unless the body is untimed", () => {
  fc.assert(
    fc.property(fc.oneof(bodies(), plainBodies()), (body) => {
      const bounds: number[] = [];
      const { untimed, hasLines, lines } = survey(bytes(body), bounds);
      assert.deepEqual(survey(bytes(body), []), survey(bytes(body)));
      if (untimed) return;
      assert.deepEqual(bounds, pointLineBounds(bytes(body)));
      assert.equal(bounds.length > 0, hasLines);
      assert.equal(bounds.length / 2, lines);
    }),
    { numRuns: 2000 },
  );
});

test("whoever looks for times counts the lines on the way", () => {
  fc.assert(
    fc.property(fc.oneof(bodies(), plainBodies()), (body) => {
      const { untimed, lines } = survey(bytes(body));
      assert.equal(untimed ? stamp(bytes(body), "1").lines : lines, countLines(bytes(body)));
    }),
    { numRuns: 2000 },
  );
});
