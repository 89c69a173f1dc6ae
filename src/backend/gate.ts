import type { Clock, Timer } from "../platform.ts";
import { backoffMs } from "./backoff.ts";

interface GateOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The longest wait between two pings, in milliseconds. */
  readonly maxDelayMs: () => number;
  /** Asks the backend whether it answers. Never rejects. */
  readonly ping: () => Promise<boolean>;
  /** `reason` says in a word why the gate was closed. */
  readonly onChange: (open: boolean, reason?: string) => void;
}

/**
 * Whether a backend answers at all. One request without an answer closes the gate; then one ping at a time, with
 * growing waits, finds out when it is back. Meanwhile one live write at a time may try its luck, so that a
 * backend that returns takes part at once.
 */
export class Gate {
  readonly #options: GateOptions;
  #open = true;
  #timer: Timer | undefined;
  #attempt = 0;
  #trying = false;
  #stopped = false;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get open(): boolean {
    return this.#open;
  }

  /** True when a write sent now would be allowed to find out. */
  get mayTry(): boolean {
    return this.#open || !this.#trying;
  }

  /** Takes the one place for a live write while the gate is closed. */
  tryOnce(): boolean {
    if (this.#trying) return false;
    this.#trying = true;
    return true;
  }

  /** A request was answered: the backend lives. */
  answered(): void {
    this.#trying = false;
    if (this.#open) return;
    this.#open = true;
    this.#attempt = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#options.onChange(true);
  }

  /** A request took too long to tell anything. */
  gaveUp(): void {
    this.#trying = false;
  }

  /** A request got no answer. */
  failed(reason: string): void {
    this.#trying = false;
    if (!this.#open || this.#stopped) return;
    this.#open = false;
    this.#options.onChange(false, reason);
    this.#pingLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #pingLater(): void {
    const { clock, random, maxDelayMs, ping } = this.#options;
    this.#timer = clock.after(backoffMs(this.#attempt++, maxDelayMs(), random), () => {
      void ping().then((alive) => {
        if (this.#open || this.#stopped) return;
        if (alive) this.answered();
        else this.#pingLater();
      });
    });
  }
}
