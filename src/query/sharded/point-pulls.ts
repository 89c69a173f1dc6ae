import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import { inTimeOrder, mergeLists, PointList } from "./point-list.ts";
import type { Points, TimeFrame } from "./points.ts";
import { Pull, type PullBase, withoutTime } from "./pulls.ts";
import type { Reduce } from "./reduce.ts";
import type { SeriesHead } from "./series.ts";
import { SeriesMap } from "./series-map.ts";
import type { TypedRow } from "./typed-rows.ts";

/** The point that a selector chooses on each shard, with its own time. */
export class ChoicePull extends Pull {
  readonly #fields: readonly Expression[];
  readonly #choose: Reduce;
  readonly #points = new SeriesMap<PointList>();

  constructor(base: PullBase, frame: TimeFrame, call: Call, others: readonly Expression[], choose: Reduce) {
    super(base, frame);
    this.#fields = [call, ...others];
    this.#choose = choose;
  }

  points(): Points {
    return this.#points.map((points) => {
      const chosen = points.length === 0 ? undefined : this.#choose(points);
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
    const points = this.#points.of(head, () => new PointList());
    this.allowance.hold(rows.length, this.#fields.length);
    for (const [time, value = null, ...others] of rows) if (value !== null) points.push(time, value, others);
  }
}

/** Every point of a field. */
export class RowPull extends Pull {
  readonly #fields: readonly Expression[];
  readonly #ascending: boolean;
  readonly #rows = new SeriesMap<Map<number, PointList>>();
  #merged: SeriesMap<PointList> | undefined;

  constructor(base: PullBase, frame: TimeFrame, field: Expression, others: readonly Expression[]) {
    super(base, frame);
    this.#fields = [field, ...others];
    this.#ascending = frame.ascending;
  }

  /** In the order of the answer; those of one time in that of the shards. */
  points(): SeriesMap<PointList> {
    this.#merged ??= this.#rows.map((shards) => {
      const byShard = [...shards].sort(([a], [b]) => a - b);
      shards.clear();
      // influxd answers a query of a subquery's groups with one group behind the other.
      const lists = byShard.map(([, list]) => inTimeOrder(list, this.#ascending));
      return mergeLists(lists, this.#ascending);
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
    const points = shards.get(shard) ?? new PointList();
    shards.set(shard, points);
    const hasOthers = this.#fields.length > 1;
    // Without destructuring: there may be a million.
    for (const row of rows) {
      const value = row[1] ?? null;
      if (value === null) continue;
      points.push(row[0], value, hasOthers ? row.slice(2) : undefined);
    }
  }
}
