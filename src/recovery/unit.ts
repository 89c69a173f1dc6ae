import { quoteIdentifier } from "../influxql/quote.ts";
import type { Server } from "./server.ts";
import type { Share } from "./share.ts";
import { isQuotable, pattern } from "./unquotable.ts";
import type { Span } from "./windows.ts";

/** The server that has it right, and the one that is to get the same. */
export interface Pair {
  readonly source: Server;
  readonly target: Server;
  /** What of their time may be taken; all of it unless given. */
  readonly share?: Share | undefined;
}

/** The smallest thing that is compared: a measurement in one window of one retention policy. */
export interface Unit extends Span {
  readonly db: string;
  readonly rp: string;
  readonly measurement: string;
  /** False where the server has no such database and policy, and so no points. */
  readonly onSource: boolean;
  readonly onTarget: boolean;
}

export const measurementOf = ({ measurement }: Pick<Unit, "measurement">): string =>
  isQuotable(measurement) ? quoteIdentifier(measurement) : pattern(measurement);

/**
 * The measurement of a unit with its policy. One statement is about one measurement only: over several ones InfluxDB
 * gives one type to fields of one name, and leaves out what has another.
 */
export const fromClause = (unit: Pick<Unit, "rp" | "measurement">): string =>
  `${quoteIdentifier(unit.rp)}.${measurementOf(unit)}`;

export const whereTime = ({ start, end }: Span): string => `time >= ${start} AND time < ${end}`;

/** Stands for the windows of a measurement, which are much the same. */
export const seriesOf = ({ db, rp, measurement }: Unit): string => JSON.stringify([db, rp, measurement]);

export const rowsQuery = (unit: Unit, span: Span): string =>
  `SELECT *::field FROM ${fromClause(unit)} WHERE ${whereTime(span)} GROUP BY *`;
