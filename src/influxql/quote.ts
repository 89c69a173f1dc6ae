import { isDigit, isReserved } from "./tokens.ts";

const WORD = /^\w+$/;

/** A name as it stands in a query: bare if it can be. A carriage return has no form in InfluxQL. */
export function quoteIdentifier(name: string): string {
  const bare = WORD.test(name) && !isDigit(name.charCodeAt(0)) && !isReserved(name);
  return bare ? name : quoteAlways(name);
}

export function quoteString(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
}

/** A regular expression between its slashes. */
export function quoteRegex(pattern: string): string {
  return `/${pattern.replaceAll("/", "\\/").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}/`;
}

/** As influxd prints a name of several parts: only the last may be bare. */
export function quoteSegments(segments: readonly string[]): string {
  const last = segments.length - 1;
  return segments
    .map((segment, at) =>
      at === last ? quoteIdentifier(segment) : segment === "" && at > 0 ? "" : quoteAlways(segment),
    )
    .join(".");
}

function quoteAlways(name: string): string {
  return `"${name.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
