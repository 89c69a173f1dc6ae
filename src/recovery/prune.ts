import { quoteIdentifier, quoteString } from "../influxql/quote.ts";
import { diffRows, type ExtraRow } from "./diff.ts";
import type { LineSeries } from "./line-writer.ts";
import type { Server } from "./server.ts";
import { fromClause, measurementOf, type Pair, type Unit } from "./unit.ts";
import { isQuotable, pattern } from "./unquotable.ts";
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

/** A policy that a deletion would reach too, because InfluxDB deletes over all policies of a database. */
export interface OtherPolicy {
  readonly rp: string;
  /** What only the target has there is to be deleted as well. */
  readonly prunable: boolean;
  readonly onSource: boolean;
}

export interface Pruned {
  readonly rows: number;
  /** Rows that could not be deleted without points of another policy. */
  readonly kept: number;
}

/**
 * Deletes from the target the rows of a span that the source has not, and those with fields that the source's lack, which
 * must be copied again then. `others` are the other policies of the database.
 * @throws {ServerError}
 */
export async function pruneSpan(
  pair: Pair,
  unit: Unit,
  span: Span,
  others: readonly OtherPolicy[],
  signal: AbortSignal,
): Promise<Pruned> {
  let rows = 0;
  let kept = 0;
  const runs = await findRuns(pair, unit, span, signal);
  for (let at = 0; at < runs.length; at += MAX_STATEMENTS) {
    const statements: string[] = [];
    for (const run of runs.slice(at, at + MAX_STATEMENTS)) {
      if (await isElsewhere(pair, unit, run, others, signal)) {
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

/** True if another policy has points of the run's series and times that are not to be deleted. */
async function isElsewhere(
  pair: Pair,
  unit: Unit,
  run: Run,
  others: readonly OtherPolicy[],
  signal: AbortSignal,
): Promise<boolean> {
  const points = async (server: Server, rp: string) => {
    const q = `SELECT *::field FROM ${fromClause({ ...unit, rp })} WHERE ${conditionOf(run)} LIMIT 1`;
    return (await server.table(q, signal, unit.db)).length > 0;
  };
  for (const { rp, prunable, onSource } of others) {
    if (!(await points(pair.target, rp))) continue;
    if (!prunable || (onSource && (await points(pair.source, rp)))) return true;
  }
  return false;
}

/** Just this series: a tag that it lacks is one that is empty. A name without its kind would be that of a field, if there is one. */
function conditionOf({ series: { tags, absent }, first, last }: Run): string {
  return [
    ...tags.map(([key, value]) =>
      isQuotable(value)
        ? `${quoteIdentifier(key)}::tag = ${quoteString(value)}`
        : `${quoteIdentifier(key)}::tag =~ ${pattern(value)}`,
    ),
    ...absent.map((key) => `${quoteIdentifier(key)}::tag = ''`),
    `time >= ${first} AND time <= ${last}`,
  ].join(" AND ");
}
