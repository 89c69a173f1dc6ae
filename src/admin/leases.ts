import type { Log } from "../observe/log.ts";
import type { Clock, Timer } from "../platform.ts";
import { CommandError } from "./requests.ts";

/** A lease that is not renewed ends after so many seconds: whoever had it may have died. */
export const LEASE_SECONDS = 30;
const MAX_LEASES = 1_000;

interface Lease {
  readonly about: Readonly<Record<string, string>>;
  readonly end: () => void;
  timer: Timer;
}

/** What somebody on the other side of a network holds, until he lets go or is not heard from any more. */
export class Leases {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: Log;
  readonly #leases = new Map<string, Lease>();

  constructor(clock: Clock, random: () => number, log: Log) {
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  /** Begins a lease and names it. `end` is called once, at its end; `about` is for the log. */
  add(about: Lease["about"], end: () => void): string {
    if (this.#leases.size >= MAX_LEASES) {
      end();
      throw new CommandError("conflict", "there are too many leases");
    }
    // Who may use it was asked for his token: it need not be hard to guess.
    const id = Array.from({ length: 4 }, () => Math.floor(this.#random() * 2 ** 32).toString(36)).join("-");
    this.#leases.set(id, { about, end, timer: this.#expiry(id) });
    return id;
  }

  renew(id: string): void {
    const lease = this.#get(id);
    lease.timer.cancel();
    lease.timer = this.#expiry(id);
  }

  /** Ends it. One that has ended already makes an error: what it was for may not have been so all the time. */
  release(id: string): void {
    const lease = this.#get(id);
    lease.timer.cancel();
    this.#leases.delete(id);
    lease.end();
  }

  #get(id: string): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new CommandError("unknown", "there is no such lease, or it has ended");
    return lease;
  }

  #expiry(id: string): Timer {
    return this.#clock.after(LEASE_SECONDS * 1_000, () => {
      const lease = this.#get(id);
      this.#log.warn("lease-expired", {
        ...lease.about,
        next: "whoever had it was not heard from: it is over",
      });
      this.release(id);
    });
  }
}
