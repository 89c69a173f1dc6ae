import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Select } from "../../influxql/ast-select.ts";
import type { TimeFrame } from "./points.ts";
import { Pull, type PullBase } from "./pulls.ts";
import type { SeriesHead } from "./series.ts";
import { SeriesMap } from "./series-map.ts";
import type { TypedRow } from "./typed-rows.ts";
import { compareValues, type Value } from "./value.ts";
import { type Interval, windowStart } from "./window.ts";

/** The rows of `top()` or `bottom()` of each shard, of which the best are the answer. */
export class RankPull extends Pull {
  readonly #select: Select;
  /** Where the value stands in a row, how many tags follow it, and how many rows are wanted. */
  readonly #column: number;
  readonly #tags: number;
  readonly #count: number;
  readonly #sign: number;
  readonly #rows = new SeriesMap<TypedRow[]>();

  constructor(base: PullBase, frame: TimeFrame, call: Call, column: number) {
    super(base, frame);
    this.#select = base.select;
    const count = call.args.at(-1);
    this.#column = column;
    this.#tags = call.args.length - 2;
    this.#count = count?.kind === "integer" ? Number(count.value) : 0;
    this.#sign = call.name === "top" ? -1 : 1;
  }

  /** Of each interval the best, by time. */
  best(interval: Interval | undefined, ascending: boolean): SeriesMap<readonly TypedRow[]> {
    return this.#rows.map((rows) => {
      const windows = Map.groupBy(rows, ([time]) =>
        interval === undefined ? 0n : windowStart(time, interval),
      );
      const ordered = [...windows].sort(([a], [b]) => (a < b === ascending ? -1 : 1));
      return ordered.flatMap(([, list]) => this.#choose(list));
    });
  }

  protected override fields(): readonly Expression[] {
    return this.#select.fields.map(({ expression }) => expression);
  }

  /** What fill() stands in for are the columns that a point lacks: no interval is filled. */
  protected override shape(): Partial<Select> {
    const { fields, fill } = this.#select;
    return { fields, fill: fill?.kind === "value" ? fill : undefined };
  }

  protected override take(head: SeriesHead, rows: readonly TypedRow[]): void {
    this.allowance.hold(rows.length, rows[0]?.length ?? 0);
    this.#rows.of(head, () => []).push(...rows);
  }

  #choose(rows: readonly TypedRow[]): readonly TypedRow[] {
    const inOrder = rows.toSorted((a, b) => this.#compare(a, b));
    const tagged = new Set<string>();
    const best = inOrder.filter((row) => {
      if (this.#tags === 0) return true;
      const tags = row.slice(this.#column + 1, this.#column + 1 + this.#tags).join("\0");
      if (tagged.has(tags)) return false;
      tagged.add(tags);
      return true;
    });
    return best.slice(0, this.#count).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** The better first, of equal ones the earlier. */
  #compare(a: TypedRow, b: TypedRow): number {
    const byValue = this.#sign * compareValues(a[this.#column] as Value, b[this.#column] as Value);
    if (byValue !== 0) return byValue;
    return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
  }
}
