import { Backend } from "../../src/backend/backend.ts";
import type { KeeperState } from "../../src/backend/keeper.ts";
import type { OutputConfig, SpoolConfig } from "../../src/config/config.ts";
import type { Log } from "../../src/observe/log.ts";
import type { Platform } from "../../src/platform.ts";
import type { Write } from "../../src/writer.ts";
import type { ObjectSpool } from "./sql-spool.ts";

/** An object holds 10 GB: so many bytes of it for what waits, and for what is held. */
const MAX_SIZE = 8 * 1024 ** 3;
const MAX_HOLD_SIZE = 1024 ** 3;
const MAX_DEAD_LETTER_SIZE = 64 * 1024 ** 2;
/** An open object waits so long for the backend to say whether it is there, before it takes writes, in milliseconds. */
const GREETING_MS = 500;
/** Databases that are told as held; with more of them, everything counts as behind. */
const MAX_HELD_TOLD = 100;
/** Bytes of parked writes that are read at a time. */
const CHUNK_BYTES = 1024 * 1024;
const EMPTY = new Uint8Array(0);

/** The backend of an object over its storage, from the first write that it lacks until it lacks nothing. */
export class ObjectBackend {
  readonly #backend: Backend;
  readonly #spool: ObjectSpool;
  readonly #platform: Platform;
  /** The last write, without its body. */
  #last: Write | undefined;

  constructor(output: OutputConfig, config: SpoolConfig, spool: ObjectSpool, platform: Platform, log: Log) {
    this.#backend = new Backend(output.name, output, platform, log, { spool, config: bounded(config) });
    this.#spool = spool;
    this.#platform = platform;
  }

  /**
   * Begins to deliver, unless the backend says that it is not there. Writes below `parkedEnd` were parked by requests
   * that an earlier life of the object knew: they are kept now.
   */
  async open(parkedEnd: number): Promise<void> {
    const { clock } = this.#platform;
    await Promise.race([
      this.#backend.greet(),
      new Promise<void>((resolve) => clock.after(GREETING_MS, resolve)),
    ]);
    await this.#backend.open();
    const { parked } = this.#spool;
    for (let from = parked.first; from < parkedEnd; ) {
      const { records, next } = await parked.read(from, CHUNK_BYTES);
      for (const { seq, destination, body, closed } of records) {
        if (seq >= parkedEnd) break;
        await this.keep({ ...ANY, destination, body, closed });
        parked.done(seq);
      }
      if (next <= from) break;
      from = next;
    }
  }

  /** Resolves when the write is stored. */
  keep(write: Write): Promise<void> {
    const kept = Promise.withResolvers<void>();
    const acceptance = this.#accept(write, {
      answered: () => undefined,
      kept: (_, error) => (error === undefined ? kept.resolve() : kept.reject(error)),
    });
    // Nobody waits for its answer: it does not try its luck with a backend that is down.
    acceptance.expire();
    acceptance.keep();
    return kept.promise;
  }

  /** Puts a write into its place, for somebody who waits for the answer. */
  accept(write: Write, observer: Parameters<Backend["accept"]>[1]) {
    const acceptance = this.#accept(write, observer);
    if (!this.#backend.up) acceptance.expire();
    return acceptance;
  }

  #accept(write: Write, observer: Parameters<Backend["accept"]>[1]) {
    this.#last = { ...write, body: EMPTY };
    return this.#backend.accept(write, observer, 0);
  }

  get handoff(): Backend["handoff"] {
    return this.#backend.handoff;
  }

  /** True while it lacks nothing. */
  get idle(): boolean {
    return this.#backend.idle;
  }

  get state(): KeeperState {
    const { backlog, held } = this.#backend.status();
    const databases = new Set(held.map(({ db }) => db));
    const heldRecords = held.reduce((sum, { records }) => sum + records, 0);
    return {
      ...backlog,
      behind: backlog.records > heldRecords || databases.size > MAX_HELD_TOLD,
      held: [...databases].slice(0, MAX_HELD_TOLD),
      up: this.#backend.up,
      full: this.#last !== undefined && this.#backend.isFull(this.#last),
      differs: this.handoff.lost.has() || this.handoff.suspect.has(),
    };
  }

  status(): ReturnType<Backend["status"]> {
    return this.#backend.status();
  }

  figures(): ReturnType<Backend["figures"]> {
    return this.#backend.figures();
  }

  async close(): Promise<void> {
    await this.#backend.stop();
    await this.#spool.parked.close();
  }
}

/** What is the same in every write that was parked. */
const ANY: Omit<Write, "destination" | "body" | "closed"> = {
  hasLines: true,
  source: "",
  keep: "acknowledged",
  consistency: "one",
};

function bounded(config: SpoolConfig): SpoolConfig {
  return {
    ...config,
    maxSize: Math.min(config.maxSize, MAX_SIZE),
    holdMaxSize: Math.min(config.holdMaxSize, MAX_HOLD_SIZE),
    deadLetterMaxSize: Math.min(config.deadLetterMaxSize, MAX_DEAD_LETTER_SIZE),
  };
}
