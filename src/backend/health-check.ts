import type { Clock, Timer } from "../platform.ts";
import type { Gate } from "./gate.ts";

/** So many checks in a row must agree before a backend goes out of queries, or comes back. */
const AGREEING = 2;

interface HealthCheckOptions {
  readonly clock: Clock;
  readonly gate: Gate;
  /** Between two checks, in milliseconds. */
  readonly intervalMs: () => number;
  /** True if the backend stored something after that (monotonic) time: then it need not be asked. */
  readonly storedSince: (ms: number) => boolean;
  /** The status of its answer to a ping, 0 if there was none. Never rejects. */
  readonly ping: () => Promise<number>;
  /** It is up again. */
  readonly cameBack?: () => void;
}

/**
 * Whether a backend is there, so steadily that queries should go to it. It is asked as long as nothing else is heard
 * from it, so that one that died without traffic is noticed too: two checks without an answer close the gate. While
 * the gate is closed, that asks.
 */
export class HealthCheck {
  readonly #options: HealthCheckOptions;
  /** Why it is down; undefined while it is up. */
  #reason: string | undefined = "not asked yet";
  /** Since when (monotonic) it is up, or down. */
  #sinceMs: number;
  /** Checks in a row with the same result: good ones count up from 0, bad ones down. */
  #streak = 0;
  /** The first answer of all is enough. */
  #isNew = true;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: HealthCheckOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.monotonic();
  }

  get up(): boolean {
    return this.#reason === undefined;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Checks from now on. */
  start(): void {
    this.#later(this.#isNew ? 0 : this.#options.intervalMs());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The gate opened or closed. That a request had no answer is reason enough not to send queries. */
  gateChanged(open: boolean, reason: string): void {
    this.#streak = 0;
    if (open) this.#good();
    else this.#turn(reason);
  }

  /** Asks now. */
  async check(): Promise<void> {
    const { clock, gate, ping, storedSince } = this.#options;
    const since = this.#checkedAtMs;
    this.#checkedAtMs = clock.monotonic();
    const status = storedSince(since) ? 204 : await ping();
    if (this.#stopped || !gate.open) return;
    if (status >= 200 && status < 300) this.#good();
    else this.#bad(status);
  }

  #good(): void {
    this.#streak = Math.max(this.#streak, 0) + 1;
    if (this.#streak >= AGREEING || this.#isNew) this.#turn(undefined);
  }

  #bad(status: number): void {
    this.#streak = Math.min(this.#streak, 0) - 1;
    if (this.#streak > -AGREEING && !this.#isNew) return;
    const reason = status === 0 ? "no answer to ping" : `/ping is answered with ${status}`;
    if (status === 0) this.#options.gate.failed(reason);
    else this.#turn(reason);
  }

  #turn(reason: string | undefined): void {
    if (!this.#isNew && !this.up && reason === undefined) this.#options.cameBack?.();
    this.#isNew = false;
    if (this.up !== (reason === undefined)) this.#sinceMs = this.#options.clock.monotonic();
    this.#reason = reason;
  }

  #later(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => {
      // The gate asks by itself while it is closed.
      const checked = this.#options.gate.open ? this.check() : Promise.resolve();
      void checked.then(() => this.#later(this.#options.intervalMs()));
    });
  }
}
