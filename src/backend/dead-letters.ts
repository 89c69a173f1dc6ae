import * as v from "valibot";
import type { SpoolError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Clock } from "../platform.ts";
import type { NewRecord, SpoolFacts, SpoolLog, SpoolRecord } from "../spool/log.ts";
import { changeOf, statementRecord } from "../spool/statement.ts";
import { positionOf, readBetween, storePosition } from "../spool/undelivered.ts";
import { survey } from "../write/line-scan.ts";
import { type Change, type Destination, REMOTE_WRITE, type Write } from "../writer.ts";

/** Why a write was given up, with the backend's words. */
export interface Verdict {
  /** `poison`: the backend answered it with an error of its own for too long. */
  readonly reason: "rejected" | "poison";
  readonly status: number;
  readonly error: string;
}

const verdictSchema = v.object({
  reason: v.picklist(["rejected", "poison"]),
  status: v.number(),
  error: v.string(),
});

/** What a dead letter says about itself. */
export function verdictOf({ note }: SpoolRecord): Verdict | undefined {
  try {
    return v.parse(verdictSchema, JSON.parse(note));
  } catch {
    return undefined;
  }
}

interface DeadLettersOptions {
  readonly backend: string;
  readonly log: SpoolLog;
  readonly facts: SpoolFacts;
  readonly maxBytes: () => number;
  readonly clock: Clock;
  readonly ranMs: () => number;
  readonly events: Log;
}

/** The name among the facts of how far the letters are dealt with. */
const DEAD = "dead";

function writeOf({ destination, body }: SpoolRecord): Write {
  const closed = destination.precision !== REMOTE_WRITE && survey(body).closed;
  const kept = { keep: "always", consistency: "one" } as const;
  return { destination, body, hasLines: true, closed, source: "", ...kept };
}

/** Writes that a backend will not take, for a person to look at: bounded, the oldest go first. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly counters = { added: 0, dropped: 0, notStored: 0 };
  /** Letters below it were taken. Files go by segments, so that some of them are there still. */
  #taken: number;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#taken = positionOf(options.log, DEAD, options.facts).cursor;
  }

  /** The oldest that may be there. */
  get first(): number {
    return Math.max(this.#taken, this.#options.log.first);
  }

  get records(): number {
    return this.#options.log.next - this.first;
  }

  get bytes(): number {
    return this.#options.log.bytes;
  }

  add({ destination, body }: { destination: Destination; body: Uint8Array }, verdict: Verdict): void {
    const note = JSON.stringify(verdict);
    this.#put({ destination: { ...destination, credentials: undefined }, body, closed: true, note });
  }

  /** One with a password is sealed, as it is in the backlog: whoever adds it knows that it can be. */
  addChange(change: Change, verdict: Verdict, told: (error?: SpoolError) => void): void {
    this.#put(statementRecord({ ...change, credentials: undefined }, verdict), told);
  }

  #put(letter: Omit<NewRecord, "ranMs" | "timeMs">, told?: (error?: SpoolError) => void): void {
    const { log, clock, ranMs, events, backend } = this.#options;
    this.counters.added++;
    log.append({ ...letter, ranMs: ranMs(), timeMs: clock.now() }, (error) => {
      told?.(error);
      if (error === undefined) return;
      this.counters.notStored++;
      const next = "see what is wrong with the disk";
      const fields = { backend, error: error.message, next };
      events.throttled("error", "dead-letter-not-stored", fields, `dead-letter-not-stored ${backend}`);
    });
    this.#makeRoom();
  }

  /** Forgets the letters that match. Returns how many. @throws {SpoolError} */
  forget(matches: (destination: Destination) => boolean): Promise<number> {
    return this.take(
      matches,
      async () => {},
      async () => {},
    );
  }

  /**
   * Gives the letters that match to `keep`, one after the other, and forgets them. If one fails, all are there still.
   * @throws {SpoolError}
   */
  async take(
    matches: (destination: Destination) => boolean,
    keep: (write: Write) => Promise<void>,
    keepChange: (change: Change) => Promise<void>,
  ): Promise<number> {
    const { log, facts } = this.#options;
    const end = log.next;
    const others: SpoolRecord[] = [];
    let taken = 0;
    for await (const { records } of readBetween(log, this.first, end)) {
      for (const record of records) {
        if (!matches(record.destination)) others.push(record);
        else {
          const change = record.statement ? changeOf(record) : undefined;
          if (change !== undefined) await keepChange(change);
          else if (!record.statement) await keep(writeOf(record));
          taken++;
        }
      }
    }
    // What stays goes to the end, so that all before it can be freed.
    await Promise.all(others.map((record) => this.#append(record)));
    await storePosition(facts, DEAD, { cursor: end, lanes: new Map(), changes: new Map() });
    this.#taken = end;
    log.trim(end);
    return taken;
  }

  #append(record: NewRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.log.append(record, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  #makeRoom(): void {
    const { log, maxBytes, events, backend } = this.#options;
    while (log.bytes > maxBytes()) {
      const oldest = log.oldest();
      if (oldest === undefined) return;
      const dropped = Math.max(0, oldest - this.first);
      const before = log.bytes;
      log.trim(oldest);
      this.counters.dropped += dropped;
      const next = "replay or drop dead letters to make room";
      events.throttled("warn", "dead-letters-dropped", { backend, dropped, next }, `dead-letters ${backend}`);
      // Files go in the background: what is on its way out need not be asked for again.
      if (log.bytes >= before) return;
    }
  }
}
