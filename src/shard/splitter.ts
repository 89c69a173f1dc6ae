import { pointLineBounds } from "../write/line-scan.ts";
import type { Write } from "../writer.ts";
import { KeyReader } from "./key-reader.ts";
import type { ShardMap } from "./map.ts";

/** What one shard gets of a body. */
export interface Part {
  /** Index of the shard. */
  readonly shard: number;
  readonly body: Uint8Array;
  /** As of a {@link Write}. */
  readonly closed: boolean;
  /** How many lines of it are points, or were meant to be. */
  readonly lines: number;
}

/** Lines that stand one behind the other in a body and go to one shard. */
interface Run {
  readonly shard: number;
  readonly start: number;
  /** Behind the newline of its last line, if that has one. */
  end: number;
}

type DividedWrite = Pick<Write, "body" | "lineBounds" | "closed" | "destination">;

/** Divides bodies by the keys of their lines. */
export class Splitter {
  readonly #map: ShardMap;
  readonly #reader: KeyReader;

  constructor(map: ShardMap) {
    this.#map = map;
    this.#reader = new KeyReader(map.by);
  }

  /**
   * The parts of a write, in the order of the shards, each with its lines in their order; comments and blank lines are
   * left out. A body of which only one shard gets something, or in which no line is a point, is passed on itself.
   */
  split({ body, lineBounds, closed, destination }: DividedWrite): Part[] {
    this.#reader.begin(destination.db);
    const runs: Run[] = [];
    const lines = new Array<number>(this.#map.shards.length).fill(0);
    this.#findRuns(body, lineBounds ?? pointLineBounds(body), runs, lines);
    const first = runs[0]?.shard ?? this.#owner(body, 0, 0);
    if (runs.every(({ shard }) => shard === first)) {
      return [{ shard: first, body, closed, lines: lines[first] as number }];
    }
    const last = runs.at(-1) as Run;
    return copyRuns(body, runs, lines.length).flatMap((part, shard) => {
      if (part === undefined) return [];
      // Only the last line of a body can end at no line end, and what is a line here is one there too.
      const endsBody = shard === last.shard && last.end === body.length;
      return [{ shard, body: part, closed: closed || !endsBody, lines: lines[shard] as number }];
    });
  }

  #findRuns(body: Uint8Array, bounds: readonly number[], runs: Run[], lines: number[]): void {
    let run: Run | undefined;
    for (let i = 0; i < bounds.length; i += 2) {
      const start = bounds[i] as number;
      const end = bounds[i + 1] as number;
      const shard = this.#owner(body, start, end);
      (lines[shard] as number)++;
      if (run === undefined || run.shard !== shard || run.end !== start) {
        run = { shard, start, end: start };
        runs.push(run);
      }
      run.end = Math.min(end + 1, body.length);
    }
  }

  #owner(body: Uint8Array, start: number, end: number): number {
    const length = this.#reader.read(body, start, end);
    return this.#map.ownerOfKey(this.#reader.bytes, length);
  }
}

/** What each of `shards` shards gets. Each part has memory of its own: one may be kept for long when the others are gone. */
function copyRuns(body: Uint8Array, runs: readonly Run[], shards: number): (Uint8Array | undefined)[] {
  const sizes = new Array<number>(shards).fill(0);
  for (const { shard, start, end } of runs) sizes[shard] = (sizes[shard] as number) + end - start;
  const parts = sizes.map((size) => (size === 0 ? undefined : new Uint8Array(size)));
  const ends = new Array<number>(shards).fill(0);
  for (const { shard, start, end } of runs) {
    const at = ends[shard] as number;
    parts[shard]?.set(body.subarray(start, end), at);
    ends[shard] = at + end - start;
  }
  return parts;
}
