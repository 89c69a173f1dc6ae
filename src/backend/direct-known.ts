import type { Clock } from "../platform.ts";
import type { Write } from "../writer.ts";
import { type Keeper, type KeeperState, NOTHING_KEPT } from "./keeper.ts";

/** So long it is believed what a keeper said, in milliseconds. */
const FRESH_MS = 1_000;
/** From this age on it is asked again beside the writes, so that with steady writes none has to wait for the answer. */
const RENEW_MS = 500;
/** A write does not wait longer for the answer: it is more important that it is stored. */
const ASK_LIMIT_MS = 1_000;

/** What is known of what waits at a backend's keeper, for all requests of an isolate. */
export class DirectKnown {
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  #state = NOTHING_KEPT;
  /** Since when (monotonic) the state is believed. */
  #since = Number.NEGATIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;

  /** `failed` hears of a keeper that did not answer: what is written meanwhile may overtake what is kept. */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  /** As it was when it was told last, however long ago. */
  get state(): KeeperState {
    return this.#state;
  }

  /** True if something comes before the write. */
  isBehind({ destination: { db } }: Write): boolean {
    return this.#state.behind || this.#state.held.includes(db);
  }

  /**
   * `askedAt`: monotonic milliseconds. That nothing waits may have changed since it was asked for. That something
   * does is believed from now on: to go behind it without need is no harm.
   */
  learn(state: KeeperState, askedAt: number): void {
    if (state.behind || state.held.length > 0) this.#since = this.#clock.monotonic();
    else if (askedAt <= this.#since) return;
    else this.#since = askedAt;
    this.#state = state;
  }

  /**
   * Resolves, and never rejects, once what is known is fresh. Every request asks for itself, because they may not
   * wait for each other's promises.
   */
  async refresh(keeper: Keeper, waitUntil: (promise: Promise<unknown>) => void): Promise<void> {
    const now = this.#clock.monotonic();
    const age = now - this.#since;
    if (age >= FRESH_MS) {
      this.#renewedAt = now;
      await this.ask(keeper);
    } else if (age >= RENEW_MS && now - this.#renewedAt >= RENEW_MS) {
      this.#renewedAt = now;
      waitUntil(this.ask(keeper));
    }
  }

  /** Asks now; undefined if there is no answer in time. Never rejects. */
  async ask(keeper: Keeper): Promise<KeeperState | undefined> {
    const askedAt = this.#clock.monotonic();
    const late = Promise.withResolvers<never>();
    const timer = this.#clock.after(ASK_LIMIT_MS, () => late.reject(new Error("no answer in time")));
    try {
      const state = await Promise.race([keeper.ask(), late.promise]);
      this.learn(state, askedAt);
      return state;
    } catch (error) {
      this.learn(NOTHING_KEPT, askedAt);
      this.#failed(error);
      return undefined;
    } finally {
      timer.cancel();
    }
  }
}
