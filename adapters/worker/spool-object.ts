import { DurableObject } from "cloudflare:workers";
import { hasRanges } from "../../src/backend/handoff.ts";
import { type KeeperState, NOTHING_KEPT } from "../../src/backend/keeper.ts";
import type { Reply, Write } from "../../src/writer.ts";
import type { Env } from "./config.ts";
import type { ObjectBackend } from "./object-backend.ts";
import { ObjectHost, OrphanError } from "./object-host.ts";
import { AcceptedWrite, ParkedRecord } from "./object-sessions.ts";

/** How often an alarm looks whether all is delivered, in milliseconds. */
const POLL_MS = 100;
/** What is kept for a backend that is not in the config waits for somebody to put it back. */
const ORPHAN_DELAY_MS = 60 * 60_000;

/** What one backend lacks. Its name is the object's. */
export class SpoolObject extends DurableObject<Env> {
  readonly #host: ObjectHost;
  /** True while an alarm is to come, or at work. */
  #armed = false;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.#host = new ObjectHost({
      name: context.id.name ?? "",
      storage: context.storage,
      env,
      onExhausted: () => this.#alarmIn(0),
    });
  }

  /** What waits here. Wakes what waits and whose alarm has not come. */
  async ask(): Promise<KeeperState> {
    const { spool } = await this.#host.spool();
    if (this.#host.idle) return { ...NOTHING_KEPT, differs: hasRanges(spool.facts) };
    return this.#use((backend) => backend.state);
  }

  async status(): Promise<object> {
    const status = await this.#host.use((backend) => backend.status());
    if (this.#host.idle) await this.#host.closeIfDone();
    else this.#arm();
    return status;
  }

  keep(write: Write): Promise<KeeperState> {
    return this.#use(async (backend) => {
      await backend.keep(write);
      return backend.state;
    });
  }

  /** Nothing but the storage is needed until the request says that the write was not taken. */
  async park(write: Write): Promise<ParkedRecord> {
    const host = this.#host;
    const leave = this.#enter();
    try {
      const { spool } = await host.spool();
      const { destination, body, closed } = write;
      const stored = Promise.withResolvers<void>();
      const { lastRanMs } = spool.parked;
      const record = { destination, body, closed, ranMs: lastRanMs, timeMs: host.clock.now(), note: "" };
      const seq = spool.parked.append(record, (error) =>
        error === undefined ? stored.resolve() : stored.reject(error),
      );
      await stored.promise;
      return new ParkedRecord({
        clock: host.clock,
        done: () => spool.parked.done(seq),
        keep: () => this.keep(write),
        onEnd: leave,
      });
    } catch (error) {
      leave();
      throw error;
    }
  }

  async accept(write: Write): Promise<AcceptedWrite> {
    const leave = this.#enter();
    try {
      const backend = await this.#host.open();
      return new AcceptedWrite({
        accept: (observer) => backend.accept(write, observer),
        state: () => backend.state,
        onEnd: leave,
      });
    } catch (error) {
      leave();
      throw error;
    }
  }

  diverged(write: Write, reply: Reply): Promise<void> {
    return this.#use(async ({ handoff }) => {
      handoff.diverged(write, reply);
      await handoff.store();
    });
  }

  /**
   * Keeps the object alive until all is delivered, one alarm after the other: the next one is set first, whatever
   * becomes of this one. It never fails: the runtime gives an alarm up that fails a few times in a row.
   */
  override async alarm(): Promise<void> {
    const host = this.#host;
    const periodMs = Math.max(POLL_MS, host.alarmDelayMs);
    this.#alarmIn(periodMs);
    try {
      await this.deliver(periodMs);
      host.tellFigures();
      await host.closeIfDone();
      if (!host.done) return;
      this.#armed = false;
      await this.ctx.storage.deleteAlarm();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Resolves when nothing is left, or the next alarm must go on. */
  protected async deliver(periodMs: number): Promise<void> {
    const { clock, connections } = this.#host;
    connections.refill();
    await this.#host.spool();
    const until = clock.monotonic() + periodMs;
    while (!this.#host.done && !connections.exhausted && clock.monotonic() < until) {
      if (!this.#host.idle) await this.#host.open();
      await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
    }
  }

  /** Tells why an alarm failed: the next one tries again. */
  #failed(error: unknown): void {
    const { log } = this.#host;
    const fields = {
      backend: this.ctx.id.name,
      error: error instanceof Error ? error.message : String(error),
    };
    if (!(error instanceof OrphanError)) {
      log.throttled("error", "alarm-failed", { ...fields, next: "it is tried again" });
      return;
    }
    log.warn("spool-without-backend", {
      ...fields,
      next: "give an output this name and it gets what is stored",
    });
    this.#alarmIn(ORPHAN_DELAY_MS);
  }

  async #use<T>(run: (backend: ObjectBackend) => T | Promise<T>): Promise<T> {
    const leave = this.#enter();
    try {
      return await this.#host.use(run);
    } finally {
      leave();
    }
  }

  /** Somebody begins to work: sees to it that an alarm comes. What is returned is called once, at the end. */
  #enter(): () => void {
    this.#host.users++;
    this.#host.connections.refill();
    this.#arm();
    return () => {
      this.#host.users--;
    };
  }

  /** In the turn in which it is called, so that it is stored no later than what is stored next. */
  #arm(): void {
    if (!this.#armed) this.#alarmIn(this.#host.alarmDelayMs);
  }

  #alarmIn(ms: number): void {
    this.#armed = true;
    // A failure of the storage fails the object, and with it whoever waits for something to be stored.
    void this.ctx.storage.setAlarm(Date.now() + ms);
  }
}
