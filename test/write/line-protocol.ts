import fc from "fast-check";
import { type Point, parsePoints } from "../../src/write/points.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (body: Uint8Array): string => decoder.decode(body);

const LINES = [
  "m v=1 5",
  "m,t=a v=1i",
  'm s="a\nb" 7',
  "m,b=1,a=2 v=t,w=F -9",
  "# note",
  '# x v="oops',
  'm v="x"',
  " m v=1,w=2  ",
  'm\\ x,t\\,=\\= v="\\"" 1',
  'm v="open',
  "m\\",
  "",
];
const PIECES = [
  "m",
  ",",
  " ",
  "=",
  '"',
  "\\",
  "\n",
  "\t",
  "\0",
  "#",
  "1",
  "-",
  "i",
  ' s="a b"',
  " v=1",
  " 5",
  "\\ ",
  '\\"',
  "é",
];

/** Bodies on the edge of what InfluxDB reads: good lines, lines with a piece put in or cut out, and mere pieces. */
export const bodies = (pieces: readonly string[] = PIECES): fc.Arbitrary<string> => {
  const piece = fc.constantFrom(...pieces);
  const line = fc.constantFrom(...LINES);
  const damaged = fc.tuple(line, fc.nat(), piece, fc.boolean()).map(([whole, at, put, cut]) => {
    const index = at % (whole.length + 1);
    return whole.slice(0, index) + put + whole.slice(index + (cut ? 1 : 0));
  });
  const any = fc.oneof(
    line,
    damaged,
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("")),
  );
  return fc
    .tuple(fc.array(any, { maxLength: 4 }), fc.constantFrom("", "\n", "\\", "\\\n", '\\"'))
    .map(([all, end]) => all.join("\n") + end);
};

/** Without quotes and backslashes. */
export const plainBodies = (): fc.Arbitrary<string> =>
  bodies([...PIECES, "\r", " \r"]).map((body) => body.replace(/["\\]/g, ""));

/** The points and errors of a body, in a form that `deepEqual` compares. */
export function read(body: Uint8Array, now = 0n): { points: readonly Point[]; errors: readonly string[] } {
  return parsePoints(body, "n", now);
}
