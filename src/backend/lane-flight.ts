import type { Result } from "./client.ts";
import type { Entry } from "./entry.ts";
import type { LaneContext } from "./lane-context.ts";

/** A request that takes longer keeps those behind it waiting so long that they are stored at once, in milliseconds. */
const SLOW_MS = 100;

/** The one request of a lane that may be in flight. */
export class LaneFlight {
  readonly #context: LaneContext;
  sending = false;
  #sentAtMs = 0;
  #landed: Promise<void> = Promise.resolve();

  constructor(context: LaneContext) {
    this.#context = context;
  }

  get isSlow(): boolean {
    return this.sending && this.#context.clock.monotonic() - this.#sentAtMs > SLOW_MS;
  }

  /** Settled when the last request that was sent has been dealt with. */
  get landed(): Promise<void> {
    return this.#landed;
  }

  /** Sends entries of one destination; `done` deals with the result. */
  send(entries: readonly Entry[], pieces: readonly Uint8Array[], done: (result: Result) => void): void {
    const { client, clock, gate, observed, pace } = this.#context;
    const [first] = entries as [Entry, ...Entry[]];
    const sentAtMs = clock.monotonic();
    const again = first.sent || first.missed;
    let bytes = 0;
    this.sending = true;
    this.#sentAtMs = sentAtMs;
    for (const entry of entries) {
      entry.inFlight = true;
      entry.sent = true;
      bytes += entry.body.byteLength;
      if (entry.missed) pace.sent(entry.body.byteLength);
    }
    this.#landed = client()
      .write(first.destination, pieces)
      .then((result) => {
        observed(result, { writes: entries.length, bytes, sentAtMs, again });
        // The gate may wake this lane, which must not send anything before the result has been dealt with.
        if (result.reply.status > 0) gate.answered();
        else gate.failed(result.reply.influxError ?? "unknown");
        this.sending = false;
        for (const entry of entries) entry.inFlight = false;
        done(result);
      });
  }
}
