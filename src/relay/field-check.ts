import type { Backend } from "../backend/backend.ts";
import { quotedIdentifier } from "../backend/client.ts";
import { OWN_DATABASE } from "../backend/own-database.ts";
import type { Log } from "../observe/log.ts";
import { typesText } from "../observe/text.ts";
import type { Clock, Timer } from "../platform.ts";
import {
  conflictsIn,
  databasesIn,
  type FieldConflict,
  type FieldTypes,
  fieldTypesIn,
} from "./field-types.ts";

/** After the start, and then from the end of one check to the next, in milliseconds. */
const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 3_600_000;
/** A check ends after so long, whatever is left. */
const LIMIT_MS = 120_000;
/** Answers that are longer are not looked at: reading one holds up everything else. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Conflicts that are told. */
const MAX_TOLD = 100;

/** What the last check found, as `/status` shows it. */
export interface FieldTypesStatus {
  /** When the last check ended, in milliseconds since 1970; undefined before the first. */
  readonly checkedAtMs: number | undefined;
  readonly conflicts: readonly FieldConflict[];
  /** Conflicts that are not shown because there are too many. */
  readonly omitted: number;
  /** Questions that a backend did not answer, or not to somebody without credentials, or at too great a length. */
  readonly skipped: number;
}

interface FieldCheckOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The backends that have the same data, set by set. */
  readonly replicaSets: () => readonly (readonly Backend[])[];
}

/**
 * Looks now and then whether replicas have the same types of fields. Two that took a new field with different types at
 * the same moment refuse each other's points from then on, and nobody else tells.
 */
export class FieldCheck {
  readonly #options: FieldCheckOptions;
  #status: FieldTypesStatus = { checkedAtMs: undefined, conflicts: [], omitted: 0, skipped: 0 };
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: FieldCheckOptions) {
    this.#options = options;
  }

  get status(): FieldTypesStatus {
    return this.#status;
  }

  start(): void {
    this.#later(FIRST_AFTER_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #later(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => void this.#check().then(() => this.#later(EVERY_MS)));
  }

  async #check(): Promise<void> {
    const { clock, replicaSets } = this.#options;
    const round = new Round(clock.monotonic() + LIMIT_MS, clock);
    const seen = new Set<string>();
    for (const backends of replicaSets()) {
      const names = backends.map(({ name }) => name).join("\0");
      if (backends.length > 1 && !seen.has(names)) await round.compare(backends);
      seen.add(names);
    }
    if (this.#stopped) return;
    const { conflicts, skipped } = round;
    const omitted = Math.max(0, conflicts.length - MAX_TOLD);
    this.#status = { checkedAtMs: clock.now(), conflicts: conflicts.slice(0, MAX_TOLD), omitted, skipped };
    this.#alarm();
  }

  #alarm(): void {
    const { conflicts, omitted } = this.#status;
    const [first] = conflicts;
    if (first === undefined) return;
    const { db, measurement, field, types } = first;
    this.#options.log.throttled("error", "field-types-differ", {
      ...{ db, measurement, field },
      types: typesText(types),
      fields: conflicts.length + omitted,
      next: "each of these servers refuses points that the other takes; see fieldTypes in /status and docs/operations.md",
    });
  }
}

/** One check of all. */
class Round {
  readonly conflicts: FieldConflict[] = [];
  skipped = 0;
  readonly #untilMs: number;
  readonly #clock: Clock;

  constructor(untilMs: number, clock: Clock) {
    this.#untilMs = untilMs;
    this.#clock = clock;
  }

  async compare(backends: readonly Backend[]): Promise<void> {
    const databases = new Set<string>();
    for (const backend of backends) {
      for (const db of (await this.#ask(backend, "SHOW DATABASES", databasesIn)) ?? []) databases.add(db);
    }
    databases.delete(OWN_DATABASE);
    for (const db of databases) {
      const known = new Map<string, FieldTypes>();
      for (const backend of backends) {
        // What it is just about to get may be what the others have.
        if (backend.isBehind(db)) continue;
        const types = await this.#ask(backend, `SHOW FIELD KEYS ON ${quotedIdentifier(db)}`, fieldTypesIn);
        if (types !== undefined) known.set(backend.name, types);
      }
      this.conflicts.push(...conflictsIn(db, known));
    }
  }

  async #ask<T>(
    backend: Backend,
    q: string,
    read: (body: Uint8Array) => T | undefined,
  ): Promise<T | undefined> {
    const isLate = this.#clock.monotonic() > this.#untilMs;
    const answer = isLate || !backend.up ? undefined : await backend.ask(q, MAX_ANSWER_BYTES);
    const result = answer?.status === 200 ? read(answer.body) : undefined;
    if (result === undefined) this.skipped++;
    return result;
  }
}
