import fc from "fast-check";
import { CORPUS } from "./corpus.ts";

const PIECES = [
  ...[
    "'",
    '"',
    "(",
    ")",
    ",",
    ".",
    ";",
    ":",
    "::",
    "=",
    "!=",
    "=~",
    "!~",
    "<>",
    "-",
    "+",
    "*",
    "/",
    "%",
    "$",
    "$x",
    "\\",
    "\n",
    "é",
    "#",
  ],
  ...[
    "1",
    "-1",
    "1.5",
    "1h",
    "1x",
    "'a'",
    '"a"',
    "a",
    "/a/",
    "*::tag",
    "::float",
    "..",
    "99999999999999999999",
  ],
  ...[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "time(1h)",
    "fill(0)",
    "LIMIT",
    "OFFSET",
    "SLIMIT",
    "AS",
    "INTO",
    "AND",
    "OR",
  ],
  ...[
    "ON",
    "WITH",
    "KEY",
    "IN",
    "ALL",
    "END",
    "true",
    "INF",
    "DURATION",
    "EXACT",
    "CARDINALITY",
    "DISTINCT",
    "now()",
    "ORDER",
  ],
];

const WORDS = CORPUS.filter(({ params }) => params === undefined).map(
  ({ q }) => q.match(/\w+|\s+|[^\w\s]/gu) ?? [],
);

/**
 * A text of the corpus that has lost, doubled, swapped or got a word, once or twice. Without comments in slashes: in
 * most places InfluxDB takes them for regular expressions.
 */
export const anyDamaged: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...WORDS),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...PIECES)), { minLength: 1, maxLength: 2 }),
  )
  .map(([words, damages]) => damages.reduce<readonly string[]>(damage, words).join(""))
  .filter((text) => !text.includes("/*"));

function damage(
  words: readonly string[],
  [place, kind, piece]: readonly [number, number, string],
): readonly string[] {
  const at = place % (words.length + 1);
  const [before, after] = [words.slice(0, at), words.slice(at)];
  switch (kind) {
    case 0:
      return [...before, ...after.slice(1)];
    case 1:
      return [...before, ...after.slice(0, 1), ...after];
    case 2:
      return [...before, " ", piece, " ", ...after];
    default:
      return [...before, ...after.slice(1, 2), ...after.slice(0, 1), ...after.slice(2)];
  }
}
