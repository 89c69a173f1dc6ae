import { backoffMs } from "../backend/backoff.ts";
import { RelayError } from "../errors.ts";
import { type AdminClient, AdminError } from "../peers/admin-client.ts";
import { type Held, RemoteLease } from "../peers/remote-lease.ts";
import type { Clock } from "../platform.ts";
import type { RelayControl, SuspectRange } from "../recovery/control.ts";
import { sleep } from "../recovery/sleep.ts";
import type { Ranges } from "./backend-commands.ts";

/** A relay that is being restarted is waited for so long. */
const PATIENCE_MS = 30_000;
const MAX_BACKOFF_MS = 2_000;
/** Ranges in one request. */
const MAX_RANGES = 1_000;

interface RemoteControlOptions {
  readonly admin: Pick<AdminClient, "ask">;
  readonly clock: Clock;
  random(): number;
}

/** A running relay for a recovery in another process, by its admin listener. Everything rejects with a RelayError. */
export class RemoteControl implements RelayControl {
  readonly #options: RemoteControlOptions;
  /** That the ranges which were told last had, by backend. */
  readonly #revisions = new Map<string, string>();

  constructor(options: RemoteControlOptions) {
    this.#options = options;
  }

  async drain(backend: string): Promise<void> {
    await this.#ask("POST", `${pathOf(backend)}/drain`, { by: "recovery" });
  }

  async resume(backend: string): Promise<void> {
    await this.#ask("POST", `${pathOf(backend)}/resume`, { by: "recovery" });
  }

  async hold(
    backend: string,
    db: string,
    rp: string | undefined,
    signal: AbortSignal,
  ): Promise<() => Promise<void>> {
    const { admin, clock } = this.#options;
    const path = `${pathOf(backend)}/hold`;
    const held = await this.#ask<Held>("POST", path, { db, ...(rp !== undefined && { rp }) }, signal);
    const lease = new RemoteLease({ ...held, backend }, admin, clock);
    if (!signal.aborted) return () => lease.release();
    await lease.release().catch(() => {});
    throw signal.reason;
  }

  async answered(backend: string, db: string, signal: AbortSignal): Promise<void> {
    const path = `${pathOf(backend)}/answered`;
    for (let answered = false; !answered; signal.throwIfAborted()) {
      ({ answered } = await this.#ask<{ answered: boolean }>("POST", path, { db }, signal));
    }
  }

  async suspects(backend: string): Promise<readonly SuspectRange[]> {
    const { lost, suspect, revision } = await this.#ask<Ranges>("GET", `${pathOf(backend)}/ranges`);
    this.#revisions.set(backend, revision);
    return [...lost, ...suspect].map(({ db, rp, min, max }) => ({
      ...{ db, rp },
      min: BigInt(min),
      max: BigInt(max),
      revision,
    }));
  }

  /** What was added to the ranges since {@link suspects} told them stays. */
  async repaired(backend: string, ranges: readonly SuspectRange[]): Promise<void> {
    const revision = this.#revisions.get(backend);
    const rows = ranges.map(({ db, rp, min, max }) => ({ db, rp, min: `${min}`, max: `${max}` }));
    try {
      for (let at = 0; at < rows.length; at += MAX_RANGES) {
        const some = rows.slice(at, at + MAX_RANGES);
        await this.#ask("POST", `${pathOf(backend)}/repaired`, { ranges: some, revision });
      }
    } catch (error) {
      if (!(error instanceof AdminError) || error.status !== 409) throw error;
      const advice = "run the same command once more, so that it sees what was missed meanwhile";
      throw new RelayError("RELAY_RESTARTED", `the relay was restarted: ${advice}`, { cause: error });
    }
  }

  /** Every command may be given twice, so one that got no answer is given again for a while. */
  async #ask<T>(
    method: "GET" | "POST",
    path: string,
    command?: object,
    signal: AbortSignal = NEVER,
  ): Promise<T> {
    const { admin, clock, random } = this.#options;
    const until = clock.monotonic() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await admin.ask<T>(method, path, command);
      } catch (error) {
        signal.throwIfAborted();
        const away = error instanceof AdminError && error.status === undefined;
        if (!away || clock.monotonic() >= until) throw error;
        await sleep(clock, backoffMs(attempt, MAX_BACKOFF_MS, random), signal);
      }
    }
  }
}

const NEVER = new AbortController().signal;
const pathOf = (backend: string): string => `/backends/${encodeURIComponent(backend)}`;
