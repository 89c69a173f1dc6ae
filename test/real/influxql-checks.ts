import { isDeepStrictEqual } from "node:util";
import type { Statement } from "../../src/influxql/ast.ts";
import type { Expression } from "../../src/influxql/ast-expression.ts";
import { ParamsError, ParseError } from "../../src/influxql/errors.ts";
import { parseParams } from "../../src/influxql/params.ts";
import { parseQuery } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";
import { rewriteStatement } from "../../src/influxql/rewrite.ts";
import type { Entry } from "../influxql/corpus-entry.ts";
import { type Answer, classOf, formOf, type Oracle, type Request } from "./influxql-oracle.ts";
import { effectOf, type Mutation } from "./influxql-scratch.ts";

/** Where we may use other words than InfluxDB, or accept what it refuses: what it says then, to which text, and why. */
const OTHER_WORDS: readonly (readonly [inInfluxdbsWords: RegExp, of: RegExp, why: string])[] = [
  [/: error parsing regexp: /, /./, "regular expressions are not parsed"],
  [/: unable to find time zone /, /./, "a runtime need not know the server's time zones"],
  [/^error parsing query parameters: /, /./, "JSON that is none is described in the runtime's words"],
  [
    /, expected regex at /,
    /\//,
    "InfluxDB tries one behind a source where it sees a slash, also that of a comment",
  ],
  [
    /found ::, expected : at |found :, expected FROM at /,
    /INTO/i,
    "the dot of INTO rp.:MEASUREMENT may be missing",
  ],
  [
    /, expected GROUP BY time\(/,
    /CONTINUOUS/i,
    "which token InfluxDB names, and where, is what its scanner had left",
  ],
];

/** A statement over the data set must be answered alike after it was printed, and as it was cut out of its text. */
export async function checkReading(
  oracle: Oracle,
  request: Request,
  noted?: Entry["answer"],
): Promise<string[]> {
  const right = await oracle.answer(request);
  const form = classOf(right);
  if (form === "wrong") return [`${request.q}\n  is refused: ${right.body}`];
  const varies = noted === "varies";
  if (noted !== undefined && (varies ? form === "error" : form !== noted)) {
    return [`${request.q}\n  is noted as ${noted}, but answered with ${right.body}`];
  }
  const rewritten = rewrite(request);
  if (typeof rewritten === "string") return [`${request.q}\n  is not accepted: ${rewritten}`];
  const problems: string[] = [];
  const { printed, cut, grouped } = rewritten;
  const others = new Map([printed, grouped].map((q) => [q, { q, db: request.db }]));
  if (cut !== request.q) others.set(cut, { ...request, q: cut });
  others.delete(request.q);
  for (const other of others.values()) {
    const answer = await oracle.answer(other);
    const same = varies ? isDeepStrictEqual(formOf(answer), formOf(right)) : isDeepStrictEqual(answer, right);
    if (same || (!varies && !(await isSteady(oracle, request, right)))) continue;
    const answers = `whose answer is ${excerpt(answer)}\n  and should be ${excerpt(right)}`;
    problems.push(`${request.q}\n  became ${other.q}\n  ${answers}`);
  }
  return [...problems, ...checkStable(request, printed)];
}

/** Of two errors in a query, InfluxDB tells the one that it meets first. */
async function isSteady(oracle: Oracle, request: Request, first: Answer): Promise<boolean> {
  for (let again = 0; again < 10; again++) {
    if (!isDeepStrictEqual(await oracle.answer(request), first)) return false;
  }
  return true;
}

/**
 * A statement that changes something, on databases of its own, and once more as it is printed. One that is printed as
 * it was is executed only to see whether its answer is as `noted`.
 */
export async function checkMutating(
  oracle: Oracle,
  request: Mutation,
  noted?: Entry["answer"],
): Promise<string[]> {
  const rewritten = rewrite(request);
  const printed = typeof rewritten === "string" ? undefined : rewritten.printed;
  if (printed === request.q && noted === undefined) return checkUnexecuted(oracle, request.q);
  const right = await effectOf(oracle, request);
  const form = classOf(right.answer);
  if (noted !== undefined && form !== noted)
    return [`${request.q}\n  is noted as ${noted}, but answered with ${right.answer.body}`];
  if (form === "wrong") return checkRefused(request, right.answer);
  if (printed === undefined) return [`${request.q}\n  is not accepted: ${rewritten}`];
  if (printed === request.q) return [];
  const { params, ...others } = request;
  let [theirs, ours] = [right, await effectOf(oracle, { ...others, q: printed })];
  // About once in two thousand times InfluxDB finds no points in a database that has just been made.
  if (!isDeepStrictEqual(ours, theirs)) {
    [theirs, ours] = [await effectOf(oracle, request), await effectOf(oracle, { ...others, q: printed })];
  }
  const problems = isDeepStrictEqual(ours, theirs)
    ? []
    : [
        `${request.q}\n  became ${printed}\n  and did ${JSON.stringify(ours)}\n  not ${JSON.stringify(theirs)}`,
      ];
  return [...problems, ...checkStable(request, printed)];
}

/** The words of the refusal, of a text that may also be right: its end keeps InfluxDB from executing anything. */
export async function checkUnexecuted(oracle: Oracle, text: string): Promise<string[]> {
  const q = `${text}\n;)`;
  return checkRefused({ q }, await oracle.answer({ q, db: "" }));
}

/** `answer` is InfluxDB's refusal of a text that it cannot parse; nothing of it is executed. */
export function checkRefused(request: Pick<Request, "q" | "params">, { status, body }: Answer): string[] {
  if (status !== 400) return [`${request.q}\n  is not refused: ${body}`];
  const right = (JSON.parse(body) as { error: string }).error;
  if (OTHER_WORDS.some(([words, of]) => words.test(right) && of.test(request.q))) return [];
  const ours = rewrite(request);
  if (ours === right) return [];
  const said = typeof ours === "string" ? ours : `accepted as ${ours.printed}`;
  return [`${JSON.stringify(request.q)} ${request.params ?? ""}\n  InfluxDB: ${right}\n  we:       ${said}`];
}

export interface Rewritten {
  /** With the parameters' values in it. */
  readonly printed: string;
  /** The statements as they were cut out of the text. */
  readonly cut: string;
  /** With parentheses that show what belongs together, so that operators which bind wrongly do not print as they were. */
  readonly grouped: string;
}

/** A text is InfluxDB's refusal in our words. */
function rewrite({ q, params }: Pick<Request, "q" | "params">): Rewritten | string {
  try {
    const { statements } = parseQuery(q, params === undefined ? {} : parseParams(params));
    return {
      printed: statements.map(({ statement }) => print(statement)).join("; "),
      cut: statements.map(({ text }) => text).join(";"),
      grouped: statements.map(({ statement }) => print(group(statement))).join("; "),
    };
  } catch (error) {
    if (error instanceof ParseError) return `error parsing query: ${error.message}`;
    if (error instanceof ParamsError) return error.message;
    throw error;
  }
}

function group(statement: Statement): Statement {
  const inParens = (part: Expression): Expression =>
    part.kind === "binary" ? { kind: "paren", expression: part } : part;
  return rewriteStatement(statement, {
    expression: (whole) =>
      whole.kind === "binary"
        ? { ...whole, left: inParens(whole.left), right: inParens(whole.right) }
        : whole,
  });
}

/** What was printed is printed again in the same way. */
function checkStable({ q }: Pick<Request, "q">, printed: string): string[] {
  const again = rewrite({ q: printed });
  if (typeof again !== "string" && again.printed === printed) return [];
  return [`${q}\n  became ${printed}\n  and then ${typeof again === "string" ? again : again.printed}`];
}

const excerpt = ({ status, body }: Answer) => `${status} ${body.slice(0, 400)}`;

/** What `check` finds wrong with all items, with so many of them at a time. */
export async function problemsOf<T>(
  items: readonly T[],
  atOnce: number,
  check: (item: T) => Promise<readonly string[]>,
): Promise<string[]> {
  const found: string[] = [];
  const rest = items.values();
  const work = async () => {
    for (const item of rest) found.push(...(await check(item)));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}
