import type { Backend } from "../backend/backend.ts";
import { type RangeStatus, rangeStatus } from "../backend/backend-status.ts";
import type { Log } from "../observe/log.ts";
import type { PeerAnswer } from "../peers/peer-answer.ts";
import type { Held } from "../peers/remote-lease.ts";
import type { RepairClaims } from "../peers/repair-claims.ts";
import type { Platform } from "../platform.ts";
import { noteMissing } from "../relay/missing-databases.ts";
import type { BackendCommands, Ranges } from "./backend-commands.ts";
import { LEASE_SECONDS, Leases } from "./leases.ts";
import { CommandError } from "./requests.ts";

/** Nobody waits longer for what a backend has not answered: he asks again. */
const ANSWERED_LIMIT_MS = 20_000;

interface RunningBackendsOptions {
  readonly platform: Pick<Platform, "clock" | "random">;
  readonly log: Log;
  /** All that the relay has now. */
  readonly backends: () => readonly Backend[];
  readonly status: () => object;
  readonly claims: RepairClaims;
  readonly peer: () => PeerAnswer;
}

/** The backends of this process, as somebody who looks after them commands them. */
export class RunningBackends implements BackendCommands {
  readonly #options: RunningBackendsOptions;
  readonly #leases: Leases;
  /** Revisions of one object say nothing about those of another one. */
  readonly #ids = new WeakMap<Backend, number>();

  constructor(options: RunningBackendsOptions) {
    const { platform, log } = options;
    this.#options = options;
    this.#leases = new Leases(platform.clock, platform.random, log);
  }

  async status(): Promise<object> {
    return this.#options.status();
  }

  async drain(backend: string, by: string): Promise<void> {
    await this.#backend(backend).drain(by);
  }

  async resume(backend: string, by?: string): Promise<void> {
    await this.#backend(backend).resume(by);
  }

  async hold(backend: string, db: string, rp: string | undefined): Promise<Held> {
    const end = await this.#backend(backend).pause(db, rp);
    const about = { backend, db, ...(rp !== undefined && { rp }) };
    return { lease: this.#leases.add(about, end), seconds: LEASE_SECONDS };
  }

  async renew(lease: string): Promise<void> {
    this.#leases.renew(lease);
  }

  async release(lease: string): Promise<void> {
    this.#leases.release(lease);
  }

  async answered(backend: string, db: string): Promise<boolean> {
    const { clock } = this.#options.platform;
    const limit = new AbortController();
    const timer = clock.after(ANSWERED_LIMIT_MS, () => limit.abort());
    await this.#backend(backend).answered(db, limit.signal);
    timer.cancel();
    return !limit.signal.aborted;
  }

  async ranges(name: string): Promise<Ranges> {
    const backend = this.#backend(name);
    const { lost, suspect } = backend.handoff;
    return {
      lost: lost.list().map(rangeStatus),
      suspect: suspect.list().map(rangeStatus),
      revision: [this.#idOf(backend), lost.revision, suspect.revision].join("."),
    };
  }

  async repaired(name: string, ranges: readonly RangeStatus[], revision: string): Promise<number> {
    const backend = this.#backend(name);
    const [id, lost = 0, suspect = 0] = revision.split(".").map(Number);
    if (id !== this.#idOf(backend)) {
      throw new CommandError("conflict", "the ranges are of another run of the relay: ask for them again");
    }
    const spans = ranges.map(({ db, rp, min, max }) => ({ db, rp, minNs: BigInt(min), maxNs: BigInt(max) }));
    return backend.handoff.repaired(spans, { lost, suspect });
  }

  async peer(): Promise<PeerAnswer> {
    return this.#options.peer();
  }

  async recoveryLease(name: string, holder: string, lacking: readonly string[]): Promise<Held> {
    const end = this.#options.claims.grant(name, holder);
    if (end === undefined) throw new CommandError("conflict", "another relay is repairing it");
    const held = { lease: this.#leases.add({ repaired: name, by: holder }, end), seconds: LEASE_SECONDS };
    // Before the other relay makes them: it waits for this answer.
    const backend = this.#options.backends().find((other) => other.name === name);
    if (backend !== undefined && holder !== this.#options.claims.id)
      await noteMissing(backend, lacking, this.#options.platform.clock);
    return held;
  }

  #backend(name: string): Backend {
    const backend = this.#options.backends().find((other) => other.name === name);
    if (backend !== undefined) return backend;
    const known = this.#options.backends().map((other) => JSON.stringify(other.name));
    throw new CommandError(
      "unknown",
      `there is no backend ${JSON.stringify(name)}; known: ${known.join(", ")}`,
    );
  }

  #idOf(backend: Backend): number {
    const known = this.#ids.get(backend);
    if (known !== undefined) return known;
    const id = Math.floor(this.#options.platform.random() * 2 ** 32);
    this.#ids.set(backend, id);
    return id;
  }
}
