import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Fill, Select } from "../../influxql/ast-select.ts";
import { type Combine, type Merging, type Partial as PartialResult, sumOf } from "./combine.ts";
import { symbolOf } from "./evaluate.ts";
import { timeDimension } from "./functions.ts";
import type { Point, Points } from "./points.ts";
import { Pull } from "./pulls.ts";
import type { SeriesHead } from "./series.ts";
import { SeriesMap } from "./series-map.ts";
import type { TypedRow } from "./typed-rows.ts";
import { compareValues, type Value } from "./value.ts";

const NONE: Fill = { kind: "none" };

/** The shards' partial results of functions, for each series and interval. */
export class PartialPull extends Pull {
  readonly #calls: Call[] = [];
  readonly #combines: Combine[] = [];
  readonly #buckets = new SeriesMap<Map<bigint, Value[]>>();
  /** The columns with means, and those that say of how many values. */
  readonly #means = new Map<number, number>();

  /** The columns of a function's partial results. */
  need(argument: Expression, { partials }: Merging): readonly number[] {
    const columns = partials.map((partial) => this.#column(partial, argument));
    const [first = 0, second = 0] = columns;
    if (partials[0]?.name === "mean") this.#means.set(first, second);
    return columns;
  }

  /** What a function comes to in each interval where all its partial results have a value. */
  points(columns: readonly number[], finish: Merging["finish"]): Points {
    return this.#buckets.map((buckets) => {
      const points: Point[] = [];
      for (const [time, values] of buckets) {
        const parts = columns.map((column) => values[column] ?? null);
        if (!parts.includes(null)) points.push({ time, value: finish(parts) });
      }
      return points;
    });
  }

  protected override fields(): readonly Expression[] {
    return this.#calls;
  }

  protected override shape(select: Select): Partial<Select> {
    return { fill: timeDimension(select) === undefined ? undefined : NONE };
  }

  protected override take(head: SeriesHead, rows: readonly TypedRow[]): void {
    const buckets = this.#buckets.of(head, () => new Map());
    for (const [at, ...values] of rows) {
      const time = this.intervalOf(at);
      for (const [mean, count] of this.#means) {
        const value = values[mean] ?? null;
        if (value !== null) values[mean] = sumOf(Number(value), Number(values[count]));
      }
      const known = buckets.get(time);
      if (known === undefined) {
        this.allowance.hold(1, values.length);
        buckets.set(time, values);
      } else {
        for (let column = 0; column < values.length; column++)
          this.#merge(known, column, values[column] ?? null);
      }
    }
  }

  #merge(known: Value[], column: number, value: Value): void {
    const before = known[column] ?? null;
    if (before === null || value === null) known[column] = before ?? value;
    else known[column] = (this.#combines[column] as Combine)(before, value);
  }

  #column({ name, combine }: PartialResult, argument: Expression): number {
    const call: Call = { kind: "call", name, args: [argument] };
    const known = this.#calls.findIndex((other) => symbolOf(other) === symbolOf(call));
    if (known >= 0) return known;
    this.#combines.push(combine);
    return this.#calls.push(call) - 1;
  }
}

/** The values that a field has, for each series and interval. */
export class DistinctPull extends Pull {
  readonly #buckets = new SeriesMap<Map<bigint, Map<unknown, Value>>>();
  readonly #call: Call;

  constructor(
    base: ConstructorParameters<typeof Pull>[0],
    frame: ConstructorParameters<typeof Pull>[1],
    call: Call,
  ) {
    super(base, frame);
    this.#call = call;
  }

  /** Sorted by value: when each came first is not known. */
  values(): Points {
    return this.#buckets.map((buckets) =>
      [...buckets].flatMap(([time, values]) =>
        [...values.values()].sort(compareValues).map((value) => ({ time, value })),
      ),
    );
  }

  counts(): Points {
    return this.#buckets.map((buckets) =>
      [...buckets].map(([time, { size }]) => ({ time, value: BigInt(size) })),
    );
  }

  protected override fields(): readonly Expression[] {
    return [this.#call];
  }

  protected override shape(): Partial<Select> {
    return { fill: undefined };
  }

  protected override take(head: SeriesHead, rows: readonly TypedRow[]): void {
    const buckets = this.#buckets.of(head, () => new Map());
    for (const [at, value = null] of rows) {
      const time = this.intervalOf(at);
      const values = buckets.get(time) ?? new Map<unknown, Value>();
      buckets.set(time, values);
      // An integer of one shard may be the float of another.
      const key = typeof value === "bigint" && isExact(value) ? Number(value) : value;
      if (values.has(key)) continue;
      this.allowance.hold(1, 1);
      values.set(key, value);
    }
  }
}

const isExact = (value: bigint): boolean => BigInt.asIntN(53, value) === value;
