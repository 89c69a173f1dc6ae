import * as v from "valibot";
import type { Clock } from "../platform.ts";
import type { SpoolFacts } from "../spool/log.ts";

/** Somebody who took the backend out of queries. */
export interface Drain {
  /** As `operator` or `recovery`. */
  readonly by: string;
  /** Since when, in milliseconds since 1970. */
  readonly atMs: number;
}

/** The name of the drains among the facts. */
const DRAINED = "drained";
const rowsSchema = v.array(v.tuple([v.string(), v.number()]));

/** Who wants the backend to get no queries. Each takes back only his own wish, so that a recovery ends no operator's. */
export class Drains {
  readonly #facts: SpoolFacts;
  readonly #clock: Clock;
  #drains: readonly Drain[] = [];

  constructor(facts: SpoolFacts, clock: Clock) {
    this.#facts = facts;
    this.#clock = clock;
    const stored = v.safeParse(rowsSchema, facts.get(DRAINED));
    if (stored.success) this.#drains = stored.output.map(([by, atMs]) => ({ by, atMs }));
  }

  get list(): readonly Drain[] {
    return this.#drains;
  }

  /** In force at once; resolves when it is stored. Rejects with a SpoolError. */
  async add(by: string): Promise<void> {
    if (this.#drains.some((drain) => drain.by === by)) return;
    await this.#set([...this.#drains, { by, atMs: this.#clock.now() }]);
  }

  /** The same for the end of one drain, or of all. */
  async remove(by?: string): Promise<void> {
    const left = this.#drains.filter((drain) => by !== undefined && drain.by !== by);
    if (left.length !== this.#drains.length) await this.#set(left);
  }

  #set(drains: readonly Drain[]): Promise<void> {
    this.#drains = drains;
    return this.#facts.set(
      DRAINED,
      drains.map(({ by, atMs }) => [by, atMs]),
    );
  }
}
