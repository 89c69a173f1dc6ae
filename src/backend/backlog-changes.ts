import type { SpoolRecord } from "../spool/log.ts";
import { type Scope, scopeKey, scopeOf } from "../spool/statement.ts";
import type { ChangesDone } from "../spool/undelivered.ts";
import type { Barrier } from "./barrier.ts";

/** The statements of a log: which are still to be executed, and how far they are by the databases in whose order they are. */
export class BacklogChanges {
  /** By place, rising. */
  readonly #pending = new Map<number, Barrier>();
  /** Below these places nothing is pending, but for what is in `#pending`. */
  readonly #done: Map<string, ChangesDone>;
  /** Of what was done since that was made durable. */
  #unsettled: Scope[] = [];
  readonly #volatile: boolean;

  constructor(done: Map<string, ChangesDone>, volatile: boolean) {
    this.#done = done;
    this.#volatile = volatile;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** The first place of one that is still to be executed. */
  get first(): number | undefined {
    return this.#pending.keys().next().value;
  }

  has(place: number): boolean {
    return this.#pending.has(place);
  }

  at(place: number): Barrier | undefined {
    return this.#pending.get(place);
  }

  below(place: number): Barrier[] {
    return [...this.#pending].filter(([at]) => at < place).map(([, barrier]) => barrier);
  }

  add(place: number, barrier: Barrier): void {
    this.#pending.set(place, barrier);
  }

  /** It is done, or given up: what comes after it must not be followed by it. */
  remove(place: number): void {
    const barrier = this.#pending.get(place);
    if (barrier === undefined) return;
    this.#pending.delete(place);
    if (this.#volatile) return;
    const { scope } = barrier.change;
    const key = scopeKey(scope);
    this.#done.set(key, { scope, place: Math.max(place + 1, this.#done.get(key)?.place ?? 0) });
    this.#unsettled.push(scope);
  }

  /** True for one that had been executed before the log was opened. */
  wasDone(record: SpoolRecord): boolean {
    return record.seq < (this.#done.get(scopeKey(scopeOf(record)))?.place ?? 0);
  }

  /** How far they are, where that is beyond the cursor. What is below it is forgotten. */
  positions(cursor: number): Map<string, ChangesDone> {
    for (const [key, { place }] of this.#done) if (place <= cursor) this.#done.delete(key);
    const positions = new Map(this.#done);
    for (const [place, { change }] of this.#pending) {
      const key = scopeKey(change.scope);
      const done = positions.get(key);
      if (done !== undefined && done.place > place) positions.set(key, { ...done, place });
    }
    return positions;
  }

  /** True if one of a database was done and that is not durable. */
  isUnsettled(scope: Scope): boolean {
    return this.#unsettled.some((other) => overlaps(other, scope));
  }

  /** How many were done since that was made durable. */
  get unsettled(): number {
    return this.#unsettled.length;
  }

  /** Of so many it is durable that they are done, or it cannot be made so. Gives their databases. */
  settle(count: number): readonly Scope[] {
    return this.#unsettled.splice(0, count);
  }
}

export function overlaps(a: Scope, b: Scope): boolean {
  return a === undefined || b === undefined || a.some((db) => b.includes(db));
}
