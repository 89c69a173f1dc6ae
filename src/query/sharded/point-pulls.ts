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
    this.#merged ??= this.#rows.map((shards) => {
      const byShard = [...shards].sort(([a], [b]) => a - b);
      const lists = byShard.map(([, list]) => inOrder(list, this.#ascending));
      return lists.length === 1 ? (lists[0] as readonly Point[]) : mergeLists(lists, this.#ascending);
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
    // Without destructuring: there may be a million.
    for (const row of rows) {
      const value = row[1] ?? null;
      if (value === null) continue;
      points.push(hasOthers ? { time: row[0], value, others: row.slice(2) } : { time: row[0], value });
    }
  }
}

/** influxd answers a query of a subquery's groups with one group behind the other. */
function inOrder(points: readonly Point[], ascending: boolean): readonly Point[] {
  const isBefore = ascending
    ? (a: Point | undefined, b: Point) => a !== undefined && b.time < a.time
    : (a: Point | undefined, b: Point) => a !== undefined && b.time > a.time;
  if (!points.some((point, at) => isBefore(points[at - 1], point))) return points;
  return points.toSorted((a, b) => (isBefore(a, b) ? 1 : isBefore(b, a) ? -1 : 0));
}

/** Of lists that are in the order of time, each. */
function mergeLists(lists: readonly (readonly Point[])[], ascending: boolean): readonly Point[] {
  const merged: Point[] = [];
  const at = lists.map(() => 0);
  for (;;) {
    let next: Point | undefined;
    let from = 0;
    for (let list = 0; list < lists.length; list++) {
      const point = lists[list]?.[at[list] as number];
      if (point === undefined) continue;
      if (next === undefined || (ascending ? point.time < next.time : point.time > next.time)) {
        next = point;
        from = list;
      }
    }
    if (next === undefined) return merged;
    merged.push(next);
    at[from] = (at[from] as number) + 1;
  }
}
