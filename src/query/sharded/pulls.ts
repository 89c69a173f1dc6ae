import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Field, Select, Source } from "../../influxql/ast-select.ts";
import { print } from "../../influxql/print.ts";
import { isRaw, timeDimension } from "./functions.ts";
import type { TimeFrame } from "./points.ts";
import type { RunContext } from "./run-context.ts";
import type { SeriesHead } from "./series.ts";
import { StatementError } from "./shard-answer.ts";
import { and, timeIs } from "./shard-select.ts";
import { MAX_TIME, MIN_TIME } from "./time-range.ts";
import { fetchTyped, type TypedRow } from "./typed-rows.ts";

/** What an entry costs that is held, beside its values, in bytes; about what V8 needs. */
const ENTRY_BYTES = 100;
const VALUE_BYTES = 24;

/** What one query has fetched, within the limits for that. */
export class Allowance {
  readonly #context: RunContext;
  #rows = 0;
  #bytes = 0;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** @throws StatementError */
  hold(entries: number, values: number): void {
    const { maxHeldBytes } = this.#context.limits;
    this.#bytes += entries * ENTRY_BYTES + entries * values * VALUE_BYTES;
    if (this.#bytes <= maxHeldBytes) return;
    throw new StatementError(
      `the groups of several shards need more than ${maxHeldBytes} bytes to be merged: ask for fewer intervals or series`,
    );
  }

  /** @throws StatementError */
  pull(rows: number): void {
    const { maxRowsPulled } = this.#context.limits;
    this.#rows += rows;
    if (this.#rows <= maxRowsPulled) return;
    throw new StatementError(
      `max-rows-pulled limit exceeded: more than ${maxRowsPulled} points of several shards are needed to compute the answer`,
    );
  }
}

/** A query without its times, which every fetch adds for its frame. */
export interface PullBase {
  readonly select: Select;
  /** The condition without its times. */
  readonly condition: Expression | undefined;
  readonly shards: readonly number[];
  readonly context: RunContext;
  readonly allowance: Allowance;
}

/** One query to all shards, whose rows are put together as they come. */
export abstract class Pull {
  readonly #base: PullBase;
  readonly #frame: TimeFrame;

  constructor(base: PullBase, frame: TimeFrame) {
    this.#base = base;
    this.#frame = frame;
  }

  /** @throws StatementError */
  async run(): Promise<void> {
    const { shards, context } = this.#base;
    await fetchTyped(print(this.#query()), shards, context, (head, rows, shard) =>
      this.take(head, rows, shard),
    );
  }

  protected get allowance(): Allowance {
    return this.#base.allowance;
  }

  /** Of all points, if there are no intervals: what a shard says of the time is then that of a point, or of nothing. */
  protected intervalOf(time: bigint): bigint {
    return timeDimension(this.#base.select) === undefined ? 0n : time;
  }

  protected abstract fields(): readonly Expression[];

  /** What else is other than in the query. */
  protected abstract shape(select: Select): Partial<Select>;

  protected abstract take(head: SeriesHead, rows: readonly TypedRow[], shard: number): void;

  #query(): Select {
    const { select, condition } = this.#base;
    const { start, end } = this.#frame;
    const from = start === MIN_TIME ? undefined : timeIs(">=", start);
    const to = end === MAX_TIME ? undefined : timeIs("<=", end);
    return {
      ...select,
      fields: this.fields().map((expression): Field => ({ expression, alias: undefined })),
      where: and(and(condition, from), to),
      limit: undefined,
      offset: undefined,
      seriesLimit: undefined,
      seriesOffset: undefined,
      ...this.shape(select),
    };
  }
}

/** Without the intervals of time, for single points. Functions in a subquery keep those that they have from outside. */
export function withoutTime(select: Select): Partial<Select> {
  const groupBy = select.groupBy.filter((dimension) => dimension.kind !== "call");
  return { groupBy, from: inheriting(select.from, timeDimension(select)), fill: undefined };
}

function inheriting(from: readonly Source[], interval: Call | undefined): readonly Source[] {
  if (interval === undefined) return from;
  return from.map((source): Source => {
    if (source.kind !== "subquery") return source;
    const { select } = source;
    const own = timeDimension(select);
    const groupBy = own === undefined && !isRaw(select) ? [...select.groupBy, interval] : select.groupBy;
    return {
      kind: "subquery",
      select: { ...select, groupBy, from: inheriting(select.from, own ?? interval) },
    };
  });
}
