import { quoteSegments } from "./quote.ts";
import type { TokenReader } from "./token-reader.ts";

/**
 * The names in `db.rp.name` or `db..name`, of which `first` is taken already. A point before a regular expression
 * or `:MEASUREMENT` is taken, and these are left. The points stand behind their name without space.
 */
export function parseSegments(reader: TokenReader, first: string): readonly string[] {
  const segments = [first];
  while (reader.type === "." && !reader.spaced) {
    const behind = reader.point();
    if (behind === "/" || behind === ":") break;
    segments.push(behind === "." ? "" : reader.identifier());
  }
  if (segments.length > 3) {
    reader.fail(`too many segments in ${quoteSegments(segments)} at line 1, char 1`);
  }
  return segments;
}
