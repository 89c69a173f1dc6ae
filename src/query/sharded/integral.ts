import type { Point, TimeFrame } from "./points.ts";
import { MIN_TIME } from "./time-range.ts";
import { type Interval, windowEnd, windowStart } from "./window.ts";

interface Corner {
  readonly time: bigint;
  readonly value: number;
}

/** The line through two points, at a time. */
function between(time: bigint, a: Corner, b: Corner): number {
  const slope = (b.value - a.value) / Number(b.time - a.time);
  return slope * Number(time - a.time) + a.value;
}

/**
 * The area under the points, which are in the order of the answer, in each interval: as influxd measures it, with
 * trapezes, cut where intervals end. The last point of a time counts. Of integers influxd takes, where it has cut, the
 * height of the cut for that of the next point, and so it is here.
 * @param unit of the time, in nanoseconds
 */
export function integral(
  points: readonly Point[],
  unit: bigint,
  interval: Interval | undefined,
  frame: TimeFrame,
): readonly Point[] {
  const isInteger = typeof points[0]?.value === "bigint";
  const area = new Area(unit, interval, frame, isInteger);
  for (const { time, value } of points) area.add({ time, value: Number(value) });
  return area.end();
}

class Area {
  readonly #out: Point[] = [];
  readonly #unit: bigint;
  readonly #interval: Interval | undefined;
  readonly #ascending: boolean;
  readonly #isInteger: boolean;
  #previous: Corner | undefined;
  #sum = 0;
  /** Of the interval, in the order of the points. */
  #start = 0n;
  #end = 0n;

  constructor(unit: bigint, interval: Interval | undefined, frame: TimeFrame, isInteger: boolean) {
    this.#unit = unit;
    this.#interval = interval;
    this.#ascending = frame.ascending;
    this.#isInteger = isInteger;
    if (!isInteger) return;
    this.#start = frame.ascending ? (frame.start === MIN_TIME ? 0n : frame.start) : frame.end + 1n;
  }

  add(point: Corner): void {
    const previous = this.#previous;
    this.#previous = point;
    if (previous === undefined) this.#move(point.time);
    else if (previous.time !== point.time) this.#addTrapeze(previous, point);
  }

  end(): readonly Point[] {
    if (this.#previous !== undefined && this.#previous.time !== this.#start) this.#emit();
    return this.#out;
  }

  #addTrapeze(previous: Corner, point: Corner): void {
    let left = previous;
    let height = point.value;
    if (this.#isBeyond(point.time)) {
      if (previous.time !== this.#end) {
        const cut = { time: this.#end, value: between(this.#end, previous, point) };
        this.#sum += this.#trapeze(previous, cut);
        left = this.#isInteger ? { time: cut.time, value: previous.value } : cut;
        if (this.#isInteger) height = cut.value;
      }
      this.#emit();
      this.#move(point.time);
      this.#sum = 0;
    }
    this.#sum += this.#trapeze(left, { time: point.time, value: height });
  }

  #trapeze(a: Corner, b: Corner): number {
    return 0.5 * (b.value + a.value) * (Number(b.time - a.time) / Number(this.#unit));
  }

  #isBeyond(time: bigint): boolean {
    return this.#interval !== undefined && (this.#ascending ? time >= this.#end : time <= this.#end);
  }

  #move(time: bigint): void {
    if (this.#interval === undefined) return;
    const edges = [windowStart(time, this.#interval), windowEnd(time, this.#interval)] as const;
    [this.#start, this.#end] = this.#ascending ? edges : [edges[1], edges[0]];
  }

  #emit(): void {
    this.#out.push({ time: this.#start, value: this.#sum });
  }
}
