import type { Clock, Timer } from "../platform.ts";
import { HoldLostError } from "../recovery/control.ts";
import { type AdminClient, AdminError } from "./admin-client.ts";

/** A lease is renewed so many times before it would end. */
const RENEWALS = 3;

/** Something that is held for somebody. */
export interface Held {
  readonly lease: string;
  /** So long, unless it is renewed. */
  readonly seconds: number;
}

interface LeaseOptions extends Held {
  readonly backend: string;
}

/** What a running relay holds for this process, a lane or the right to repair a backend: renewed until it is released. */
export class RemoteLease {
  readonly #options: LeaseOptions;
  readonly #admin: Pick<AdminClient, "ask">;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #released = false;

  constructor(options: LeaseOptions, admin: Pick<AdminClient, "ask">, clock: Clock) {
    this.#options = options;
    this.#admin = admin;
    this.#clock = clock;
    this.#renewLater();
  }

  /**
   * Ends it. Only the relay knows whether it lasted until now: it may have been restarted, or not have heard in time.
   * @throws {HoldLostError}
   */
  async release(): Promise<void> {
    const { lease, backend } = this.#options;
    this.#released = true;
    this.#timer?.cancel();
    try {
      await this.#admin.ask("POST", `/leases/${encodeURIComponent(lease)}/release`, {});
    } catch (error) {
      throw new HoldLostError(backend, { cause: error });
    }
  }

  #renewLater(): void {
    const { seconds, lease } = this.#options;
    this.#timer = this.#clock.after((seconds * 1_000) / RENEWALS, async () => {
      try {
        await this.#admin.ask("POST", `/leases/${encodeURIComponent(lease)}/renew`, {});
      } catch (error) {
        // A relay that is only busy may hear the next one; one that does not know the lease never will.
        if (!(error instanceof AdminError) || error.status !== undefined) return;
      }
      if (!this.#released) this.#renewLater();
    });
  }
}
