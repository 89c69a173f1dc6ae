import type { Clock } from "../platform.ts";

/** The first request of what was missed is of this size, in bytes; each one that is stored doubles it. */
const FIRST_BYTES = 64 * 1024;
/** So much of a second may be sent at once, so that the rate is held over short times too. */
const BURST = 0.1;

/**
 * How fast what a backend missed is sent to it: at a bounded rate, so that it does not starve live writes, and
 * carefully at first, so that a server that has just come up is not overwhelmed.
 */
export class Pace {
  readonly #clock: Clock;
  /** Bytes a second. */
  readonly #rate: () => number;
  #requestBytes = FIRST_BYTES;
  /** When (monotonic milliseconds) what was sent until now is paid for. */
  #paidAt = 0;

  constructor(clock: Clock, rate: () => number) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** The largest request of what was missed, in bytes. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  /** Milliseconds until the next request may be sent; 0 for now. */
  waitMs(): number {
    return Math.max(0, this.#paidAt - this.#clock.monotonic() - BURST * 1_000);
  }

  sent(bytes: number): void {
    this.#paidAt = Math.max(this.#paidAt, this.#clock.monotonic()) + (bytes / this.#rate()) * 1_000;
  }

  /** A request was stored. */
  stored(): void {
    this.#requestBytes = Math.min(this.#requestBytes * 2, 2 ** 30);
  }

  /** The backend was down. */
  slow(): void {
    this.#requestBytes = FIRST_BYTES;
  }
}
