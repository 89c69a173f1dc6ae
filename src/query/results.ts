import { goJson } from "../write/go-json.ts";
import { deprecationOf } from "./deprecation.ts";

/** The text of one statement's result: a JSON object as InfluxDB prints it, of which every digit stays as it is. */
export type ResultText = string;

/** The results in the JSON that a query was answered with; undefined if it is something else. */
export function resultsIn(json: string): ResultText[] | undefined {
  const start = /^\s*\{\s*"results"\s*:\s*\[/.exec(json)?.[0].length;
  if (start === undefined) return undefined;
  const results: ResultText[] = [];
  let depth = 0;
  let from = start;
  // Strings as a whole, so that brackets in them do not count.
  const token = /"(?:[^"\\]|\\.)*"|[[\]{}]/gs;
  token.lastIndex = start;
  for (let found = token.exec(json); found !== null; found = token.exec(json)) {
    const [text] = found;
    if (text === "{" || text === "[") {
      if (depth++ === 0) from = found.index;
    } else if (text === "}" || text === "]") {
      if (depth === 0) return results;
      if (--depth === 0) results.push(json.slice(from, token.lastIndex));
    }
  }
  return undefined;
}

/** The result as that of another statement of a text. */
export function numbered(result: ResultText, id: number): ResultText {
  const rest = result.slice(1).replace(/^\s*"statement_id"\s*:\s*\d+\s*,?/, "");
  return `{"statement_id":${id}${/^\s*\}$/.test(rest) ? "}" : `,${rest}`}`;
}

export function errorResult(id: number, error: string): ResultText {
  return `{"statement_id":${id},"error":${goJson(error)}}`;
}

/** True if the statement failed. InfluxDB prints the error last. */
export function isError(result: ResultText): boolean {
  return /"error"\s*:\s*"(?:[^"\\]|\\.)*"\s*\}$/.test(result);
}

/** What InfluxDB adds to the result of a statement that changes something, if it came by GET. */
export function withDeprecation(result: ResultText, statement: string): ResultText {
  return `${result.slice(0, -1)},"messages":${deprecationOf(statement)}}`;
}

/** The body of an answer: one document with all results, or with `chunked` one for each. */
export function printResults(results: readonly ResultText[], chunked: boolean): string {
  const documents = chunked ? results : [results.join(",")];
  return documents.map((inner) => `{"results":[${inner}]}\n`).join("");
}
