import type { Call, Expression } from "../../influxql/ast-expression.ts";
import type { Fill } from "../../influxql/ast-select.ts";
import { MERGINGS } from "./combine.ts";
import { symbolOf } from "./evaluate.ts";
import { fillPoints } from "./fill.ts";
import { asCall, TRANSFORMATIONS } from "./functions.ts";
import { integral } from "./integral.ts";
import { DistinctPull, PartialPull } from "./partial-pull.ts";
import { isNoNumber, type PointList } from "./point-list.ts";
import { ChoicePull, RowPull } from "./point-pulls.ts";
import type { Point, Points, TimeFrame } from "./points.ts";
import type { Pull, PullBase } from "./pulls.ts";
import { percentile, REDUCTIONS, type Reduce, UNTIMED } from "./reduce.ts";
import { SeriesMap } from "./series-map.ts";
import { StatementError } from "./shard-answer.ts";
import { MIN_TIME } from "./time-range.ts";
import {
  cumulativeSum,
  derivative,
  difference,
  elapsed,
  movingAverage,
  type Transform,
} from "./transform.ts";
import { type Value, wrap } from "./value.ts";
import { type Interval, windowEnd, windowStart } from "./window.ts";

/** A call that is computed once all is fetched. */
export type Node = () => Points;

export interface NodeOptions {
  readonly base: PullBase;
  readonly interval: Interval | undefined;
  readonly fill: Fill;
  /** The most points that an interval without one may be filled with. */
  readonly maxFilled: number;
}

const SECOND = 1_000_000_000n;
/** Of the value of a point depends what comes of it, and so on which of those of one time comes first. */
const ORDERED: ReadonlySet<string> = new Set(["elapsed"]);

/** Turns calls into what has to be fetched, and how to compute them from that: as influxd builds its iterators. */
export class NodeBuilder {
  /** What has to be fetched before a node is computed. */
  readonly pulls = new Map<string, Pull>();
  readonly #options: NodeOptions;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /**
   * @param alone the only call of the query, and a selector: it keeps the times of its points and brings the others
   * columns with them, `others`
   */
  build(call: Call, frame: TimeFrame, alone: boolean, others: readonly Expression[] = []): Node {
    const { name, args } = call;
    const argument = args[0] as Expression;
    if (TRANSFORMATIONS.has(name)) return this.#transformation(call, frame);
    if (name === "integral") return this.#integral(call, frame);
    if (name === "distinct") {
      const pull = this.#distinct(call, frame);
      return () => this.#timed(pull.values(), frame);
    }
    const inner = asCall(argument);
    if (name === "count" && inner?.name === "distinct") {
      const pull = this.#distinct(inner, frame);
      return () => this.#filled(call, this.#timed(pull.counts(), frame), frame);
    }
    const merging = MERGINGS.get(name);
    const isMerged =
      merging !== undefined && (!alone || (this.#options.interval !== undefined && others.length === 0));
    if (isMerged) {
      const pull = this.#pull(`partial ${keyOf(frame)}`, () => new PartialPull(this.#options.base, frame));
      const columns = pull.need(argument, merging);
      return () => this.#filled(call, this.#timed(pull.points(columns, merging.finish), frame), frame);
    }
    return this.#chosen(call, frame, alone, others);
  }

  /** Reads points, or one of each shard. */
  #chosen(call: Call, frame: TimeFrame, alone: boolean, others: readonly Expression[]): Node {
    const { interval, base } = this.#options;
    const reduce = reductionOf(call);
    const keepsTime = alone && interval === undefined;
    if (interval === undefined && CHOICES.has(call.name)) {
      const key = `choice ${keyOf(frame)} ${symbolOf(call)}`;
      const pull = this.#pull(key, () => new ChoicePull(base, frame, call, others, reduce));
      return () => (keepsTime ? this.#sorted(pull.points(), frame) : this.#timed(pull.points(), frame, true));
    }
    const rows = this.#rows(call.args[0] as Expression, frame, others);
    return () => {
      const reduced = rows.points().map((points) => {
        onlyNumbers(call.name, points.notNumber);
        return this.#reduced(points, reduce, frame, keepsTime);
      });
      return keepsTime ? reduced : this.#filled(call, reduced, frame);
    };
  }

  #reduced(points: PointList, reduce: Reduce, frame: TimeFrame, keepsTime: boolean): readonly Point[] {
    const { interval } = this.#options;
    const out: Point[] = [];
    for (let from = 0; from < points.length; ) {
      const time = points.time(from);
      const start = interval && windowStart(time, interval);
      const end = interval && windowEnd(time, interval);
      let to = from + 1;
      while (to < points.length && lies(points.time(to), start, end)) to++;
      const reduced = reduce(points.part(from, to));
      if (reduced !== undefined) {
        const own = keepsTime && reduced.time !== UNTIMED;
        out.push(own ? reduced : { ...reduced, time: start ?? timeOf(frame) });
      }
      from = to;
    }
    return out;
  }

  #transformation(call: Call, frame: TimeFrame): Node {
    const argument = call.args[0] as Expression;
    const inner = asCall(argument);
    const wider = this.#wider(call, frame);
    if (wider.start > wider.end) return () => new SeriesMap();
    const transform = this.#transformOf(call, frame.ascending);
    if (inner !== undefined) {
      const node = this.build(inner, wider, false);
      return () =>
        node().map((points) => {
          onlyNumbers(call.name, points.find(({ value }) => isNoNumber(value))?.value);
          return transform(points.filter(({ value }) => value !== null));
        });
    }
    const rows = this.#rows(argument, wider, []);
    return () =>
      rows.points().map((list) => transform(ORDERED.has(call.name) ? list.points() : inOneOrder(call, list)));
  }

  /** With the interval before the first one, which that is compared with; influxd's time wraps round. */
  #wider({ name }: Call, frame: TimeFrame): TimeFrame {
    const { interval } = this.#options;
    if (interval === undefined || name === "cumulative_sum") return frame;
    return frame.ascending
      ? { ...frame, start: wrap(frame.start - interval.duration) }
      : { ...frame, end: wrap(frame.end + interval.duration) };
  }

  #transformOf({ name, args }: Call, ascending: boolean): Transform {
    const unit = args[1]?.kind === "duration" ? args[1].nanoseconds : undefined;
    switch (name) {
      case "derivative":
      case "non_negative_derivative": {
        const per = unit ?? this.#options.interval?.duration ?? SECOND;
        return derivative(per, name === "non_negative_derivative", ascending);
      }
      case "difference":
      case "non_negative_difference":
        return difference(name === "non_negative_difference");
      case "moving_average":
        return movingAverage(Number(numberOf(args[1])));
      case "elapsed":
        return elapsed(unit ?? 1n);
      default:
        return cumulativeSum;
    }
  }

  #integral(call: Call, frame: TimeFrame): Node {
    const { interval } = this.#options;
    const unit = call.args[1]?.kind === "duration" ? call.args[1].nanoseconds : SECOND;
    const rows = this.#rows(call.args[0] as Expression, frame, []);
    return () => rows.points().map((points) => integral(inOneOrder(call, points), unit, interval, frame));
  }

  #rows(field: Expression, frame: TimeFrame, others: readonly Expression[]): RowPull {
    const key = `rows ${keyOf(frame)} ${[field, ...others].map(symbolOf).join(" ")}`;
    return this.#pull(key, () => new RowPull(this.#options.base, frame, field, others));
  }

  #distinct(call: Call, frame: TimeFrame): DistinctPull {
    const key = `distinct ${keyOf(frame)} ${symbolOf(call)}`;
    return this.#pull(key, () => new DistinctPull(this.#options.base, frame, call));
  }

  #pull<T extends Pull>(key: string, make: () => T): T {
    // The key begins with the kind of the pull.
    const pull = (this.pulls.get(key) as T | undefined) ?? make();
    this.pulls.set(key, pull);
    return pull;
  }

  /** Without intervals the time is the beginning of the frame, whatever a shard says. */
  #timed(points: Points, frame: TimeFrame, always = false): Points {
    if (this.#options.interval !== undefined && !always) return this.#sorted(points, frame);
    const time = timeOf(frame);
    return points.map((list) => list.map((point) => ({ ...point, time })));
  }

  #sorted(points: Points, { ascending }: TimeFrame): Points {
    const sign = ascending ? 1 : -1;
    return points.map((list) =>
      list.toSorted((a, b) => (a.time < b.time ? -sign : a.time > b.time ? sign : 0)),
    );
  }

  #filled({ name }: Call, points: Points, frame: TimeFrame): Points {
    const { interval, fill, maxFilled } = this.#options;
    if (interval === undefined || fill.kind === "none") return points;
    // No points are a count too.
    const zero: Fill = { kind: "value", value: { kind: "integer", value: 0n } };
    const used = name === "count" && fill.kind === "null" ? zero : fill;
    return points.map((list) => fillPoints(list, used, interval, frame, maxFilled));
  }
}

/** Whether a time is in an interval; without one every time is. */
const lies = (time: bigint, start: bigint | undefined, end: bigint | undefined): boolean =>
  start === undefined || end === undefined || (time >= start && time < end);

/** What takes no texts and booleans has none; influxd's words for it, more or less. @throws StatementError */
function onlyNumbers(name: string, odd: Value | undefined): void {
  if (odd === undefined || ANY_TYPE.has(name) || (ALSO_BOOLEANS.has(name) && typeof odd === "boolean"))
    return;
  throw new StatementError(`unsupported ${name} iterator type: *query.${typeof odd}InterruptIterator`);
}

export const ANY_TYPE: ReadonlySet<string> = new Set([
  "first",
  "last",
  "mode",
  "elapsed",
  "count",
  "distinct",
]);
const ALSO_BOOLEANS: ReadonlySet<string> = new Set(["min", "max"]);

/** Selectors of which a shard tells the point that it chose, if there are no intervals. */
const CHOICES: ReadonlySet<string> = new Set(["min", "max", "first", "last"]);

function reductionOf({ name, args }: Call): Reduce {
  const [, percent] = args;
  if (name === "percentile" && (percent?.kind === "integer" || percent?.kind === "number")) {
    return percentile(Number(percent.value));
  }
  const reduce = REDUCTIONS.get(name);
  if (reduce === undefined) throw new StatementError(`${name}() cannot be computed over several shards`);
  return reduce;
}

const timeOf = ({ start }: TimeFrame): bigint => (start === MIN_TIME ? 0n : start);
const keyOf = ({ start, end }: TimeFrame): string => `${start} ${end}`;
const numberOf = (expression: Expression | undefined): bigint =>
  expression?.kind === "integer" ? expression.value : 0n;

/** @throws StatementError where several points of one time differ, for nobody knows which one InfluxDB would take first */
function inOneOrder({ name }: Call, list: PointList): readonly Point[] {
  onlyNumbers(name, list.notNumber);
  for (let at = 1; at < list.length; at++) {
    if (list.time(at - 1) === list.time(at) && list.value(at - 1) !== list.value(at)) {
      throw new StatementError(
        `${name}() depends on the order of points of the same time, which several series of the group have: GROUP BY their tags`,
      );
    }
  }
  return list.points();
}
