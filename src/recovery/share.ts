import type { Clock } from "../platform.ts";
import { inTurn, type Turn } from "./parallel.ts";
import { type Known, PieceSize } from "./piece-size.ts";
import { sleep } from "./sleep.ts";
import { earliest, type SizedSpan, type Span } from "./windows.ts";

/** The longest pause, in milliseconds. */
const MAX_PAUSE_MS = 3_600_000;

/** Runs a question when its turn comes. A question may not wait for another one. */
export type Ask = Turn;

/**
 * Asks servers that people use: one question at a time, each small enough not to hold anybody up for long, and so that all
 * of them together take a share of the time. A server that is busy takes longer to answer, and so gets longer pauses.
 */
export class Share {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #inTurn: Turn = inTurn();
  /** A pause is so many times as long as the question before it. */
  readonly #pauseFactor: number;
  /** Of pieces, by name. */
  readonly #known = new Map<string, Known>();
  #notBefore = 0;
  /** What a question took when it was asked the last time, in milliseconds, by whatever whoever asks calls it. */
  readonly costs = new Map<string, number>();

  /** @param percent Of the time, above 0, up to 100. */
  constructor(clock: Clock, percent: number, signal: AbortSignal) {
    this.#clock = clock;
    this.#pauseFactor = 100 / percent - 1;
    this.#signal = signal;
  }

  /** Runs a question after those before it, and after the pause that they cost. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    return (await this.timed(question)).answer;
  }

  /** As {@link ask}; tells how many milliseconds it took, too. */
  timed<T>(question: () => Promise<T>): Promise<{ readonly answer: T; readonly ms: number }> {
    return this.#inTurn(async () => {
      const waitMs = this.#notBefore - this.#clock.monotonic();
      if (waitMs > 0) await sleep(this.#clock, waitMs, this.#signal);
      this.#signal.throwIfAborted();
      const startedAt = this.#clock.monotonic();
      const tookMs = () => this.#clock.monotonic() - startedAt;
      try {
        return { answer: await question(), ms: tookMs() };
      } finally {
        const pauseMs = Math.min(MAX_PAUSE_MS, tookMs() * this.#pauseFactor);
        this.#notBefore = this.#clock.monotonic() + pauseMs;
      }
    });
  }

  /**
   * Goes through a span piece by piece, each as large as its questions let expect that none takes long; `name` stands for
   * spans that are much the same. Returns how many milliseconds it would have taken at once, about.
   */
  async inPieces(
    name: string,
    span: SizedSpan,
    run: (piece: Span, ask: Ask) => Promise<void>,
  ): Promise<number> {
    const size = new PieceSize(span, this.#known.get(name));
    let allMs = 0;
    let questions = 0;
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let start = span.start; start < span.end; ) {
      const piece = { start, end: earliest(start + size.width, span.end) };
      let longestMs = 0;
      await run(piece, async (question) => {
        const { answer, ms } = await this.timed(question);
        allMs += ms;
        questions++;
        fastestMs = Math.min(fastestMs, ms);
        longestMs = Math.max(longestMs, ms);
        return answer;
      });
      // What was cut off at the end tells nothing of how large pieces should be.
      if (piece.end < span.end) size.took(longestMs);
      start = piece.end;
    }
    if (size.known !== undefined) this.#known.set(name, size.known);
    // Each of them has cost as much as one about nothing.
    return questions === 0 ? 0 : allMs - (questions - 1) * fastestMs;
  }
}

/** A share of so many percent; none, and no small questions, for all of it. */
export const shareOf = (percent: number, clock: Clock, signal: AbortSignal): Share | undefined =>
  percent >= 100 ? undefined : new Share(clock, percent, signal);

/** Asks at once. */
export const AT_ONCE: Ask = (question) => question();

/** Goes through a span piece by piece where only a share of the servers' time may be taken. */
export async function inPieces(
  share: Share | undefined,
  name: string,
  span: SizedSpan,
  run: (piece: Span, ask: Ask) => Promise<void>,
): Promise<void> {
  if (share === undefined) await run(span, AT_ONCE);
  else await share.inPieces(name, span, run);
}

/** Asks by a share of the servers' time; at once where there is none. */
export const asked = <T>(share: Share | undefined, question: () => Promise<T>): Promise<T> =>
  share === undefined ? question() : share.ask(question);
