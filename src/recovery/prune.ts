import { diffRows, type ExtraRow } from "./diff.ts";
import type { LineSeries } from "./line-writer.ts";
import { isQuotable, literal, pattern, quoted } from "./quote.ts";
import { fromClause, measurementOf, type Pair, type Unit } from "./unit.ts";
import type { Span } from "./windows.ts";

/** Rows that do not follow each other are deleted so many at a time; the next round of the recovery deletes the next. */
const MAX_RUNS = 20_000;
/** Statements of one request. */
const MAX_STATEMENTS = 50;

/** Rows of one series that follow each other on the target, and that the source has not; both times belong to it. */
interface Run {
  readonly series: LineSeries;
  readonly first: bigint;
  last: bigint;
  rows: number;
}

export interface Pruned {
  readonly rows: number;
  /** Rows that could not be deleted: InfluxDB deletes over all policies, and another one has points there. */
  readonly kept: number;
}

/**
 * Deletes from the target the rows of a span that the source has not, and those with fields that the source's lack, which
 * must be copied again then. `otherPolicies` are the database's others.
 * @throws {ServerError}
 */
export async function pruneSpan(
  pair: Pair,
  unit: Unit,
  span: Span,
  otherPolicies: readonly string[],
  signal: AbortSignal,
): Promise<Pruned> {
  let rows = 0;
  let kept = 0;
  const runs = await findRuns(pair, unit, span, signal);
  for (let at = 0; at < runs.length; at += MAX_STATEMENTS) {
    const statements: string[] = [];
    for (const run of runs.slice(at, at + MAX_STATEMENTS)) {
      if (await isElsewhere(pair, unit, run, otherPolicies, signal)) {
        kept += run.rows;
      } else {
        statements.push(`DELETE FROM ${measurementOf(unit)} WHERE ${conditionOf(run)}`);
        rows += run.rows;
      }
    }
    if (statements.length > 0) await pair.target.table(statements.join(";"), signal, unit.db);
  }
  return { rows, kept };
}

async function findRuns(pair: Pair, unit: Unit, span: Span, signal: AbortSignal): Promise<Run[]> {
  const runs: Run[] = [];
  let open: Run | undefined;
  await diffRows(pair, unit, span, signal, {
    onTarget: ({ series, time }: ExtraRow, extra: boolean) => {
      if (!extra) {
        open = undefined;
      } else if (open?.series.key === series.key) {
        open.last = time;
        open.rows++;
      } else if (runs.length < MAX_RUNS) {
        open = { series, first: time, last: time, rows: 1 };
        runs.push(open);
      }
    },
  });
  return runs;
}

async function isElsewhere(
  { target }: Pair,
  unit: Unit,
  run: Run,
  policies: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const rp of policies) {
    const from = fromClause({ ...unit, rp });
    const tables = await target.table(
      `SELECT *::field FROM ${from} WHERE ${conditionOf(run)} LIMIT 1`,
      signal,
      unit.db,
    );
    if (tables.length > 0) return true;
  }
  return false;
}

/** Just this series: a tag that it lacks is one that is empty. */
function conditionOf({ series: { tags, absent }, first, last }: Run): string {
  return [
    ...tags.map(([key, value]) =>
      isQuotable(value) ? `${quoted(key)} = ${literal(value)}` : `${quoted(key)} =~ ${pattern(value)}`,
    ),
    ...absent.map((key) => `${quoted(key)} = ''`),
    `time >= ${first} AND time <= ${last}`,
  ].join(" AND ");
}
