import type { Statement } from "../../src/influxql/ast.ts";
import type { Select } from "../../src/influxql/ast-select.ts";
import { parseParams } from "../../src/influxql/params.ts";
import { parseQuery } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";
import { callsIn } from "../../src/query/sharded/functions.ts";
import type { Plan } from "../../src/query/sharded/plan.ts";
import { planStatement } from "../../src/query/sharded/planner.ts";
import { DATABASE } from "../influxql/data-set.ts";
import { differenceOf, type Leeway, type ParsedResult, parseAnswer } from "./answer-compare.ts";
import { formOf } from "./influxql-oracle.ts";
import { BETTER, FAILURES, REFUSALS } from "./sharded-deviations.ts";
import { type Answer, ask, type Question, type ShardedScene, untied } from "./sharded-scene.ts";
import { isDeepStrictEqual } from "node:util";

/**
 * What a listener made of a statement. `bytes`: InfluxDB's answer. `rows`: its rows, those of one time in another order,
 * or sums of floats with another last digit. `chance`: InfluxDB chooses among points of one time, and the same statement
 * over points of different times has `rows` at least. `same failure`: both fail, in other words.
 */
export type Outcome =
  | { readonly kind: "bytes" | "rows" | "chance" | "varies" | "same failure" }
  | { readonly kind: "refused" | "failed" | "better"; readonly reason: string }
  | { readonly kind: "different"; readonly why: string; readonly ours: Answer; readonly theirs: Answer };

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
    if (predicted?.kind !== "refuse" || predicted.reason !== error) return different("refused, but not by the plan");
    return reason === undefined ? different("refused for an unknown reason") : { kind: "refused", reason };
  }
  if (ours.status !== theirs.status) return different("the status");
  if (varies) return isDeepStrictEqual(formOf(ours), formOf(theirs)) ? { kind: "varies" } : different("the form");
  const results = parseAnswer(ours.body);
  // What JSON cannot carry, as infinity, InfluxDB answers in plain text with status 200.
  if (theirs.body.startsWith("json: error")) {
    return results.some(({ error }) => error !== undefined) ? { kind: "same failure" } : different("no failure");
  }
  const outcomes: Outcome[] = [];
  const right = await withOwnWords(scene, question, planned, parseAnswer(theirs.body));
  if (right.length !== results.length) return different(`${results.length} results, not ${right.length}`);
  for (const [id, result] of right.entries()) {
    const statement = planned.statements[id] as Statement;
    const outcome = outcomeOf(results[id] as ParsedResult, result, statement, question.q);
    outcomes.push(typeof outcome === "string" ? different(`result ${id}: ${outcome}`) : outcome);
  }
  const worst = ORDER.map((kind) => outcomes.find((outcome) => outcome.kind === kind)).find(Boolean) as Outcome;
  if (worst.kind !== "different") return worst;
  if (await isUnsteady(scene, question, ours, theirs)) return { kind: "chance" };
  return isChance(scene, listener, question, results, right) .then((is) => (is ? { kind: "chance" } : worst));
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

/** A text is the difference. */
function outcomeOf(
  ours: ParsedResult,
  theirs: ParsedResult,
  statement: Statement,
  q: string,
): Outcome | string {
  if (isDeepStrictEqual(ours, theirs)) return { kind: "bytes" };
  const { error } = ours;
  if (error !== undefined && error !== theirs.error) {
    const failure = FAILURES.find(([pattern]) => pattern.test(error));
    if (failure !== undefined) return { kind: "failed", reason: failure[1] };
  }
  const difference = differenceOf(ours, theirs, leewayOf(statement));
  if (difference === undefined) return { kind: "rows" };
  const better = BETTER.find(({ applies }) => applies(statement, q, ours, theirs));
  return better === undefined ? difference : { kind: "better", reason: better.reason };
}

const INEXACT: ReadonlySet<string> = new Set(["sum", "mean", "stddev", "integral", "moving_average", "cumulative_sum"]);

function leewayOf(statement: Statement): Leeway {
  // InfluxDB tells the types of one field in any order.
  if (statement.kind !== "select") return { ties: statement.kind === "show-field-keys", floats: false };
  return { ties: true, floats: hasInexact(statement) };
}

const hasInexact = (select: Select): boolean =>
  INEXACT_TEXT.test(print(select)) || select.fields.some(({ expression }) => callsIn(expression).some(({ name }) => INEXACT.has(name)));
const INEXACT_TEXT = new RegExp(`\\b(${[...INEXACT].join("|")})\\(`);

/** InfluxDB does not always answer the same. */
async function isUnsteady(scene: ShardedScene, question: Question, ours: Answer, first: Answer): Promise<boolean> {
  for (let again = 0; again < 5; again++) {
    const { body } = await ask(scene.whole.url, question);
    if (body === ours.body) return true;
    if (body !== first.body) return false;
  }
  return false;
}

/** The answers have the same form, and without equal times they have the same values. */
async function isChance(
  scene: ShardedScene,
  listener: string,
  question: Question,
  ours: readonly ParsedResult[],
  theirs: readonly ParsedResult[],
): Promise<boolean> {
  const form = (results: readonly ParsedResult[]) =>
    results.map(({ error, series = [] }) => [
      error,
      series.map(({ name, tags, columns, values = [] }) => [name, tags, columns, values.map(([time]) => time)]),
    ]);
  if (!isDeepStrictEqual(form(ours), form(theirs))) return false;
  if (question.db !== DATABASE && untied(question.q) === question.q) return false;
  const other = { ...question, q: untied(question.q), db: untied(question.db) };
  const { statements } = plan(scene, listener, other);
  const [left, right] = (await both(scene, listener, other)).map(({ body }) => parseAnswer(body));
  if (left?.length !== right?.length) return false;
  return (right ?? []).every((result, id) => {
    const statement = statements[id] as Statement;
    return typeof outcomeOf((left ?? [])[id] as ParsedResult, result, statement, other.q) !== "string";
  });
}
