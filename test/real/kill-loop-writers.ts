import assert from "node:assert/strict";
import type { RealInfluxdb } from "../support/real-influxdb.ts";
import { withLimit } from "../support/wait.ts";
import { write } from "./replica-set.ts";

export const DB = "kills";
const WRITERS = 6;
/** Each writer overwrites so many points of its own series in turn. */
const TIMES = 4;
/** Longer than a relay whose outputs have a timeout of 1 s may take to answer. */
const HUNG_MS = 8_000;
/** With `one`, nobody is answered with 204 while the relay waits for 10 s after requests of unknown outcome to both. */
const EVERYONE_MS = 30_000;

/** A series and a time of one writer: its values rise, and nobody else writes there. */
interface Place {
  lastAttempt: number;
  /** 0: none. */
  lastAcknowledged: number;
}

export interface Writers {
  /** Where they write now; undefined while nobody listens there. */
  url: string | undefined;
  /** While it is true, an answer that is not 204 is a failure. */
  mustTake: boolean;
  /** By `SERIES TIME`. */
  readonly places: ReadonlyMap<string, Place>;
  readonly acknowledged: number;
  /** While it is false, each write is to a point of its own. */
  mayOverwrite: boolean;
  /** Leaves the points written so far as they are, and goes on with others. */
  moveOn(): void;
  /** Waits until each writer, with one write begun after this call, got a 204. */
  everyoneWrites(): Promise<void>;
  /** @throws what one of them found wrong. */
  stop(): Promise<void>;
}

export function startWriters(): Writers {
  const places = new Map<string, Place>();
  const done = new Array<number>(WRITERS).fill(0);
  let firstTime = 0;
  let writing = true;
  let problem: unknown;

  async function writeAll(w: number): Promise<void> {
    for (let value = 1; writing; value++) {
      const { url } = writers;
      const time = firstTime + (value % TIMES);
      const key = writers.mayOverwrite ? `own,w=${w} ${time}` : `single,w=${w} ${value}`;
      const place = places.get(key) ?? { lastAttempt: 0, lastAcknowledged: 0 };
      if (url === undefined) {
        await pause(10);
        continue;
      }
      places.set(key, place);
      place.lastAttempt = value;
      if (await attempt(url, key.replace(" ", ` v=${value} `))) {
        place.lastAcknowledged = value;
        done[w] = (done[w] ?? 0) + 1;
        await pause(2);
      } else await pause(10);
    }
  }

  async function attempt(url: string, line: string): Promise<boolean> {
    const unanswered = () => undefined;
    try {
      const answer = await withLimit(write(url, DB, line).catch(unanswered), `an answer to ${line}`, HUNG_MS);
      if (answer?.status === 204) return true;
      // The relay may have been told to end while the answer was on its way.
      if (answer !== undefined && writers.mustTake && writers.url === url)
        throw new Error(`not taken: ${line}: ${answer.status} ${answer.body}`);
    } catch (error) {
      problem ??= error;
    }
    return false;
  }

  const writers = {
    url: undefined as string | undefined,
    mustTake: false,
    mayOverwrite: true,
    places,
    get acknowledged() {
      return done.reduce((sum, n) => sum + n, 0);
    },
    moveOn: () => {
      firstTime += TIMES;
    },
    everyoneWrites: async () => {
      // The second one began after this call.
      const enough = done.map((n) => n + 2);
      const until = performance.now() + EVERYONE_MS;
      while (problem === undefined && done.some((n, w) => n < (enough[w] ?? 0))) {
        assert.ok(performance.now() < until, `only some were acknowledged: ${done} of ${enough}`);
        await pause(5);
      }
      if (problem !== undefined) throw problem;
    },
    stop: async () => {
      writing = false;
      await ended;
      if (problem !== undefined) throw problem;
    },
  };
  const ended = Promise.all(Array.from({ length: WRITERS }, (_, w) => writeAll(w)));
  return writers;
}

/**
 * Nothing that was acknowledged may be missing. A write without a 204 may be stored or not, also by one server only;
 * but once a later one at the same place was acknowledged, it is over on both.
 */
export async function checkPlaces(
  places: Writers["places"],
  servers: readonly RealInfluxdb[],
): Promise<void> {
  const wrong: string[] = [];
  for (const [i, server] of servers.entries()) {
    const stored = new Map<string, number>();
    for (const line of await server.points(DB)) {
      const [, series, value, time] = /^(\S+) v=(\d+) (\d+)$/.exec(line) ?? [];
      stored.set(`${series} ${time}`, Number(value));
    }
    for (const [key, { lastAttempt, lastAcknowledged }] of places) {
      const value = stored.get(key) ?? 0;
      if (value < lastAcknowledged || value > lastAttempt)
        wrong.push(
          `server ${"ab"[i]}: ${key} is ${value}, acknowledged ${lastAcknowledged}, tried ${lastAttempt}`,
        );
    }
    assert.ok(stored.size <= places.size, "points that nobody wrote");
  }
  assert.equal(wrong.length, 0, `${wrong.length} of ${places.size}:\n${wrong.slice(0, 20).join("\n")}`);
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
