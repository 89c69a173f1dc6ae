import { isDeepStrictEqual } from "node:util";
import type { Statement } from "../../src/influxql/ast.ts";
import type { Select } from "../../src/influxql/ast-select.ts";
import { parseParams } from "../../src/influxql/params.ts";
import { parseQuery } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";
import { printExpression } from "../../src/influxql/print-expression.ts";
import { callsIn } from "../../src/query/sharded/functions.ts";
import type { Plan } from "../../src/query/sharded/plan.ts";
import { planStatement } from "../../src/query/sharded/planner.ts";
import { differenceOf, type Leeway, type ParsedResult, parseAnswer } from "./answer-compare.ts";
import { formOf } from "./influxql-oracle.ts";
import { DEVIATIONS, FAILURES, INFINITE, REFUSALS, withoutGoType } from "./sharded-deviations.ts";
import { type Answer, ask, type Question, type ShardedScene, untied } from "./sharded-scene.ts";

/**
 * What a listener made of a statement. `bytes`: InfluxDB's answer. `rows`: its rows, those of one time in another order,
 * or sums of floats with another last digit. `chance`: InfluxDB chooses among points of one time, and the same statement
 * over points of different times has `rows` at least. `same failure`: both fail, in other words.
 */
export type Outcome =
  | { readonly kind: "bytes" | "rows" | "chance" | "varies" | "same failure" }
  | { readonly kind: "refused" | "failed" | "better"; readonly reason: string }
  | { readonly kind: "different"; readonly why: string; readonly ours: Answer; readonly theirs: Answer };

/** The server's own zone is none that a relay could know. */
const UNKNOWN_ZONE = "error parsing query: unable to find time zone Local";

interface Planned {
  readonly statements: readonly Statement[];
  readonly plans: readonly Plan[];
}

export async function check(
  scene: ShardedScene,
  listener: string,
  question: Question,
  varies = false,
): Promise<Outcome> {
  const planned = plan(scene, listener, question);
  const [ours, theirs] = await both(scene, listener, question);
  if (ours.status === theirs.status && ours.body === theirs.body) return { kind: "bytes" };
  const different = (why: string): Outcome => ({ kind: "different", why, ours, theirs });
  if (ours.status === 400) {
    const predicted = planned.plans.find(({ kind }) => kind === "refuse");
    const error = (JSON.parse(ours.body) as { error: string }).error;
    const reason = REFUSALS.find(([pattern]) => pattern.test(error))?.[1];
    if (error === UNKNOWN_ZONE) return { kind: "refused", reason: "time zone of the server" };
    if (predicted?.kind !== "refuse" || predicted.reason !== error)
      return different("refused, but not by the plan");
    return reason === undefined ? different("refused for an unknown reason") : { kind: "refused", reason };
  }
  if (theirs.status === 400 && theirs.body.includes("error parsing regexp") && question.q.includes("/*")) {
    return { kind: "better", reason: "a comment is no regular expression" };
  }
  if (ours.status !== theirs.status) return different("the status");
  if (varies)
    return isDeepStrictEqual(formOf(ours), formOf(theirs)) ? { kind: "varies" } : different("the form");
  const results = parseAnswer(ours.body);
  if (theirs.body.startsWith(INFINITE)) {
    const failed = results.some(({ error }) => error !== undefined);
    return failed ? { kind: "same failure" } : { kind: "better", reason: "no infinite number on the way" };
  }
  const outcomes: Outcome[] = [];
  const right = await withOwnWords(scene, question, planned, parseAnswer(theirs.body));
  if (right.length !== results.length) return different(`${results.length} results, not ${right.length}`);
  for (const [id, result] of right.entries()) {
    const statement = planned.statements[id] as Statement;
    const mine = results[id] as ParsedResult;
    const outcome = await outcomeOf(scene, question, mine, result, statement);
    if ("kind" in outcome) outcomes.push(outcome);
    else if (await isChance(scene, listener, question, id, mine, outcome.right))
      outcomes.push({ kind: "chance" });
    else outcomes.push(different(`result ${id}: ${outcome.difference}`));
  }
  const worst = ORDER.map((kind) => outcomes.find((outcome) => outcome.kind === kind)).find(
    Boolean,
  ) as Outcome;
  if (worst.kind === "different" && (await isUnsteady(scene, question, ours, theirs)))
    return { kind: "chance" };
  return worst;
}

const ORDER = ["different", "failed", "better", "same failure", "chance", "rows", "bytes"] as const;

function plan(scene: ShardedScene, listener: string, { q, db, params }: Question): Planned {
  const { statements } = parseQuery(q, params === undefined ? {} : parseParams(params));
  const map = scene.maps[listener];
  if (map === undefined) throw new Error(`no listener ${listener}`);
  const all = statements.map(({ statement }) => statement);
  return { statements: all, plans: all.map((statement) => planStatement(statement, map, db)) };
}

const both = ({ relay, whole }: ShardedScene, listener: string, question: Question) =>
  Promise.all([ask(relay.url(listener), question), ask(whole.url, question)]);

/**
 * Where a statement that is not the last fails, InfluxDB says `not executed` instead of why, and nothing of those behind
 * it. What it says of the statement alone is better.
 */
async function withOwnWords(
  scene: ShardedScene,
  question: Question,
  { statements }: Planned,
  results: readonly ParsedResult[],
): Promise<readonly ParsedResult[]> {
  const failed = results.findIndex(({ error }) => error === "not executed");
  if (failed < 0) return results;
  const q = print(statements[failed] as Statement);
  const [alone] = parseAnswer((await ask(scene.whole.url, { ...question, q, params: undefined })).body);
  return statements.map((_, id) => {
    if (id < failed) return results[id] as ParsedResult;
    return id === failed
      ? { ...(alone as ParsedResult), statement_id: id }
      : { statement_id: id, error: "not executed" };
  });
}

interface Difference {
  readonly difference: string;
  /** What our result was compared with. */
  readonly right: ParsedResult;
}

async function outcomeOf(
  scene: ShardedScene,
  question: Question,
  ours: ParsedResult,
  theirs: ParsedResult,
  statement: Statement,
): Promise<Outcome | Difference> {
  if (isDeepStrictEqual(ours, theirs)) return { kind: "bytes" };
  const { error } = ours;
  if (error !== undefined && error !== theirs.error) {
    const failure = FAILURES.find(([pattern]) => pattern.test(error));
    if (failure !== undefined) return { kind: "failed", reason: failure[1] };
  }
  if (error !== undefined && withoutGoType(error) === withoutGoType(theirs.error))
    return { kind: "same failure" };
  const leeway = leewayOf(statement);
  const difference = differenceOf(ours, theirs, leeway);
  if (difference === undefined) return { kind: "rows" };
  const deviation = DEVIATIONS.find(({ applies }) => applies(statement));
  if (deviation === undefined) return { difference, right: theirs };
  const { reason, instead, cut = (result) => result, isRight } = deviation;
  if (isRight?.(ours, theirs)) return { kind: "better", reason };
  if (instead === undefined) return { difference, right: theirs };
  const q = print(instead(statement));
  const [answer] = parseAnswer((await ask(scene.whole.url, { ...question, q, params: undefined })).body);
  const right = cut(answer as ParsedResult, statement, ours);
  const still = differenceOf(ours, right, leeway);
  return still === undefined
    ? { kind: "better", reason }
    : { difference: `compared with ${q}: ${still}`, right };
}

/** Functions that add floats, or divide what was added. */
const INEXACT = /\b(sum|mean|stddev|integral|moving_average|cumulative_sum)\(/i;

function leewayOf(statement: Statement): Leeway {
  const text = print(statement);
  // InfluxDB tells the types of one field in any order, and cuts them so.
  if (statement.kind === "show-field-keys") {
    const isCut = (statement.limit ?? 0) > 0 || (statement.offset ?? 0) > 0;
    return { ties: true, floats: false, any: isCut ? [0, 1] : [] };
  }
  if (statement.kind !== "select") return EXACT;
  return { ties: true, floats: INEXACT.test(text), any: chanceColumns(statement) };
}

/**
 * mode() of values that come as often is any of them; percentile() is of any of the points that have the value, whose
 * time and other columns an answer shows if it stands alone.
 */
function chanceColumns({ fields }: Select): readonly number[] {
  const names = fields.map(({ expression }) => callsIn(expression).map(({ name }) => name));
  // Also in another call.
  const modes = fields.flatMap(({ expression }, at) =>
    /\bmode\(/.test(printExpression(expression)) ? [at + 1] : [],
  );
  const calls = names.flat();
  if (calls.length !== 1 || calls[0] !== "percentile") return modes;
  return [0, ...names.flatMap((of, at) => (of.length === 0 ? [at + 1] : []))];
}

const EXACT = { ties: false, floats: false, any: [] };

/** InfluxDB does not always answer the same. */
async function isUnsteady(
  scene: ShardedScene,
  question: Question,
  ours: Answer,
  first: Answer,
): Promise<boolean> {
  for (let again = 0; again < 5; again++) {
    const { body } = await ask(scene.whole.url, question);
    if (body === ours.body) return true;
    if (body !== first.body) return false;
  }
  return false;
}

/** The results have the same form, and without equal times they have the same values. */
async function isChance(
  scene: ShardedScene,
  listener: string,
  question: Question,
  id: number,
  ours: ParsedResult,
  right: ParsedResult,
): Promise<boolean> {
  const form = ({ error, series = [] }: ParsedResult) => [
    error,
    series.map(({ name, tags, columns, values = [] }) => [name, tags, columns, values.map(([time]) => time)]),
  ];
  if (!isDeepStrictEqual(form(ours), form(right))) return false;
  const other = { ...question, q: untied(question.q), db: untied(question.db) };
  if (other.db === question.db && other.q === question.q) return false;
  const { statements } = plan(scene, listener, other);
  const [left, whole] = (await both(scene, listener, other)).map(({ body }) => parseAnswer(body)[id]);
  if (left === undefined || whole === undefined) return false;
  return "kind" in (await outcomeOf(scene, other, left, whole, statements[id] as Statement));
}
