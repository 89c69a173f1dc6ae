import type { SpoolError } from "../errors.ts";
import type { Clock } from "../platform.ts";
import type { Change, Reply } from "../writer.ts";
import type { Barrier } from "./barrier.ts";
import type { BackendClient, Result } from "./client.ts";
import type { Gate } from "./gate.ts";
import type { Handoff } from "./handoff.ts";
import { isTaken, unanswered } from "./outcome.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Where nothing else is configured a change that the backend answers with errors of its own is given up after this. */
const GIVE_UP_MS = 600_000;
const TIMEOUT = "timeout";
const BEHIND = unanswered("behind");

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly gate: Gate;
  readonly handoff: Handoff;
  readonly owner: DeliveryOwner;
  client(): BackendClient;
  maxDelayMs(): number;
  poisonAfterMs(): number;
  observed(result: Result): void;
  /** The backend executed it. */
  executed(change: Change): void;
}

/** Who decides which change is sent. */
interface DeliveryOwner {
  decided(barrier: Barrier): void;
  diverged(barrier: Barrier, reply: Reply, told?: (error?: SpoolError) => void): void;
  stick(barrier: Barrier, reply: Reply): void;
  leave(barrier: Barrier): void;
}

/** Sends changes, and finds out what the answers mean for them. */
export class ChangeDelivery {
  readonly #options: DeliveryOptions;
  readonly #flights = new Map<Barrier, Promise<void>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** True while a request is in flight. */
  get sending(): boolean {
    return this.#flights.size > 0;
  }

  /** Resolves when none of those that match is in flight. */
  async landed(matches: (barrier: Barrier) => boolean): Promise<void> {
    await Promise.all([...this.#flights].map(([barrier, flight]) => matches(barrier) && flight));
  }

  send(barrier: Barrier): void {
    const { client, clock, observed } = this.#options;
    barrier.inFlight = true;
    barrier.stuck = undefined;
    barrier.sentAtMs = clock.monotonic();
    const flight = client()
      .change(barrier.change)
      .then((result) => {
        observed(result);
        this.#tellGate(result.reply);
        this.#flights.delete(barrier);
        barrier.inFlight = false;
        this.#sent(barrier, result);
      });
    this.#flights.set(barrier, flight);
  }

  #tellGate({ status, influxError }: Reply): void {
    const { gate } = this.#options;
    if (status > 0) gate.answered();
    // That a statement takes long tells nothing of the backend.
    else if (influxError === TIMEOUT) gate.gaveUp();
    else gate.failed(influxError ?? "unknown");
  }

  #sent(barrier: Barrier, { reply, unknownOutcome }: Result): void {
    const { handoff, owner } = this.#options;
    if (isTaken(reply)) {
      // Whoever was told that it has to wait, and keeps it now, need not wait any more.
      const told = (error?: SpoolError) => barrier.stored(error);
      if (reply.kind === "stored") {
        this.#executed(barrier);
        if (barrier.isKept) told();
      } else if (barrier.isKept) owner.diverged(barrier, reply, told);
      owner.leave(barrier);
      barrier.answer(reply);
      return;
    }
    if (unknownOutcome) handoff.doubtAll(barrier.change.scope);
    const waitMs = retryAfterMs(reply, unknownOutcome, barrier.attempt++, this.#options);
    barrier.failure = { reply, waitMs };
    if (this.#failsForTooLong(barrier, reply)) {
      owner.diverged(barrier, reply);
      owner.leave(barrier);
      return;
    }
    const wasDecided = barrier.decision !== "pending";
    barrier.answer(reply);
    if (wasDecided) owner.decided(barrier);
    if (!barrier.gone) owner.stick(barrier, BEHIND);
  }

  #executed({ change, record }: Barrier): void {
    const { handoff, executed } = this.#options;
    handoff.counters.changes++;
    if (record !== undefined) handoff.delivered(1);
    executed(change);
  }

  /** The backend answers, but never takes it: then it must not keep the writes behind it waiting for ever. */
  #failsForTooLong(barrier: Barrier, { kind, status, influxError }: Reply): boolean {
    const { clock, poisonAfterMs } = this.#options;
    // What comes with 200 is about this statement, whatever kind of error it is.
    const isItsOwn = status > 0 ? kind !== "overloaded" || status === 200 : influxError === TIMEOUT;
    if (!isItsOwn) {
      barrier.failingSinceMs = undefined;
      return false;
    }
    const now = clock.monotonic();
    barrier.failingSinceMs ??= now;
    const limitMs = poisonAfterMs();
    const hasFailedForMs = now - barrier.failingSinceMs;
    return barrier.isKept && hasFailedForMs >= (Number.isFinite(limitMs) ? limitMs : GIVE_UP_MS);
  }
}
