import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import type { Point, Points, TimeFrame } from "./points.ts";
import { Pull, type PullBase, withoutTime } from "./pulls.ts";
import type { Reduce } from "./reduce.ts";
import type { SeriesHead } from "./series.ts";
import { SeriesMap } from "./series-map.ts";
import type { TypedRow } from "./typed-rows.ts";

/** The point that a selector chooses on each shard, with its own time. */
export class ChoicePull extends Pull {
  readonly #fields: readonly Expression[];
  readonly #choose: Reduce;
  readonly #points = new SeriesMap<Point[]>();

  constructor(base: PullBase, frame: TimeFrame, call: Call, others: readonly Expression[], choose: Reduce) {
    super(base, frame);
    this.#fields = [call, ...others];
    this.#choose = choose;
  }

  points(): Points {
    return this.#points.map((points) => {
      const chosen = this.#choose(points);
      return chosen === undefined ? [] : [chosen];
    });
  }

  protected override fields(): readonly Expression[] {
    return this.#fields;
  }

  protected override shape(): Partial<Select> {
    return { fill: undefined };
  }

  protected override take(head: SeriesHead, rows: readonly TypedRow[]): void {
    const points = this.#points.of(head, () => []);
    this.allowance.hold(rows.length, this.#fields.length);
    for (const [time, value = null, ...others] of rows)
      if (value !== null) points.push({ time, value, others });
  }
}

/** Every point of a field. */
export class RowPull extends Pull {
  readonly #fields: readonly Expression[];
  readonly #ascending: boolean;
  readonly #rows = new SeriesMap<Map<number, Point[]>>();
  #merged: Points | undefined;

  constructor(base: PullBase, frame: TimeFrame, field: Expression, others: readonly Expression[]) {
    super(base, frame);
    this.#fields = [field, ...others];
    this.#ascending = frame.ascending;
  }

  /** In the order of the answer; those of one time in that of the shards. */
  points(): Points {
    const sign = this.#ascending ? 1 : -1;
    this.#merged ??= this.#rows.map((shards) => {
      const points = [...shards].sort(([a], [b]) => a - b).flatMap(([, list]) => list);
      return shards.size === 1
        ? points
        : points.sort((a, b) => (a.time < b.time ? -sign : a.time > b.time ? sign : 0));
    });
    return this.#merged;
  }

  protected override fields(): readonly Expression[] {
    return this.#fields;
  }

  protected override shape(select: Select): Partial<Select> {
    return withoutTime(select);
  }

  protected override take(head: SeriesHead, rows: readonly TypedRow[], shard: number): void {
    this.allowance.pull(rows.length);
    const shards = this.#rows.of(head, () => new Map());
    const points = shards.get(shard) ?? [];
    shards.set(shard, points);
    const hasOthers = this.#fields.length > 1;
    for (const [time, value = null, ...others] of rows) {
      if (value !== null) points.push(hasOthers ? { time, value, others } : { time, value });
    }
  }
}
