import { SpoolError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Clock, SpoolDirectory, SpoolFile, Timer } from "../platform.ts";
import { decodeFact, encodeFact, scanFacts } from "./fact-entry.ts";
import type { SpoolFacts } from "./log.ts";

const FILE = "facts.journal";
/** A journal that is being written anew. */
const NEW_FILE = "facts.journal.new";
/** The last journal in which damage was found, as it was. */
const DAMAGED_FILE = "facts.journal.bad";
/** A journal is not written anew below this size in bytes ... */
const MIN_COMPACTION_BYTES = 256 * 1024;
/** ... and above it only when so many times what its values need. */
const COMPACTION_RATIO = 4;

export interface FactJournalOptions {
  readonly directory: SpoolDirectory;
  readonly fsync: "always" | "interval" | "never";
  readonly fsyncIntervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** For messages. */
  readonly backend: string;
}

/**
 * Facts in a file that is appended to and now and then written anew. What is set while the file is being written
 * waits, and is written together. A value whose `set` was rejected is still what `get` gives, and is stored with the
 * next one that is set.
 */
export class FactJournal implements SpoolFacts {
  readonly #options: FactJournalOptions;
  /** Name -> the entry with its last value. */
  readonly #entries = new Map<string, Uint8Array>();
  /** Bytes of all of `#entries`. */
  #liveBytes = 0;
  #intact = true;
  /** Bytes of the file. */
  #size = 0;
  /** Undefined when there is none yet, and after a failure: then nothing is known of what it holds. */
  #file: SpoolFile | undefined;
  /** True while something was written or accepted that is not known to survive a power cut. */
  #unsynced = false;
  #timer: Timer | undefined;
  /** Names whose values are to be written. */
  #unwritten = new Set<string>();
  /** What the callers of `set` wait for whose values are not being written yet. */
  #waiting: PromiseWithResolvers<void> | undefined;
  #syncDue = false;
  #work: Promise<void> | undefined;
  #closed = false;
  #damaged = 0;
  /** True while damage is in the file, so that each opening finds it. */
  #damageThere = false;

  private constructor(options: FactJournalOptions) {
    this.#options = options;
  }

  /** @throws {SpoolError} `version` when a newer relay wrote the file, others when it cannot be read. */
  static async open(options: FactJournalOptions): Promise<FactJournal> {
    const journal = new FactJournal(options);
    await journal.#load();
    return journal;
  }

  get intact(): boolean {
    return this.#intact;
  }

  /** Stretches of the file that were damaged when it was opened. */
  get damaged(): number {
    return this.#damaged;
  }

  get(name: string): unknown {
    const entry = this.#entries.get(name);
    return entry === undefined ? undefined : decodeFact(entry).value;
  }

  set(name: string, value: unknown): Promise<void> {
    if (this.#closed) return Promise.reject(new SpoolError("closed", "the journal of facts is closed"));
    this.#keep(name, encodeFact(name, value));
    this.#unwritten.add(name);
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#work ??= this.#run();
    return promise;
  }

  /** @throws {SpoolError} when what was set may not survive a power cut. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    await this.#work;
    try {
      // Written anew, a damaged journal is intact again: whoever closes it has dealt with what was missing.
      if (this.#damageThere) await this.#rewrite();
      else if (this.#unsynced) await this.#store([], true);
    } finally {
      await this.#file?.close();
    }
  }

  async #load(): Promise<void> {
    const { directory } = this.#options;
    const files = await directory.list();
    if (files.some(({ name }) => name === NEW_FILE)) await directory.remove(NEW_FILE);
    const found = files.find(({ name }) => name === FILE);
    if (found === undefined || found.size === 0) {
      this.#intact = found === undefined && !files.some(({ name }) => name.endsWith(".seg"));
      return;
    }
    const file = await directory.open(FILE);
    try {
      const bytes = await file.read(0, found.size);
      const { entries, end, damaged } = scanFacts(bytes);
      for (const [name, entry] of entries) this.#keep(name, entry);
      this.#damaged = damaged;
      this.#damageThere = damaged > 0;
      this.#intact = !this.#damageThere;
      if (this.#damageThere) await this.#setAside(bytes);
      if (end < bytes.byteLength) await file.truncate(end);
      this.#size = end;
      this.#file = file;
    } catch (error) {
      await file.close();
      throw error;
    }
    // The process that wrote it may have been killed before it synced: what is believed from here on must stay.
    if (this.#options.fsync === "never") return;
    await directory.sync();
    await this.#store([], true);
  }

  /** Keeps a copy of a damaged journal for whoever wants to look into it. */
  async #setAside(bytes: Uint8Array): Promise<void> {
    const { directory, log, backend } = this.#options;
    log.error("spool-facts-damaged", { backend, stretches: this.#damaged, copy: DAMAGED_FILE });
    try {
      await this.#write(DAMAGED_FILE, [bytes]);
      await directory.sync();
    } catch (error) {
      log.warn("spool-damage-not-copied", { backend, file: DAMAGED_FILE, error: messageOf(error) });
    }
  }

  #keep(name: string, entry: Uint8Array): void {
    this.#liveBytes += entry.byteLength - (this.#entries.get(name)?.byteLength ?? 0);
    this.#entries.set(name, entry);
  }

  /** Stores until nothing waits. */
  async #run(): Promise<void> {
    // What is set in the same turn goes together.
    await Promise.resolve();
    while (this.#waiting !== undefined || this.#syncDue) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      const entries = [...this.#unwritten].map((name) => this.#entries.get(name) as Uint8Array);
      this.#unwritten.clear();
      const sync = this.#syncDue || this.#options.fsync === "always";
      this.#syncDue = false;
      try {
        await this.#store(entries, sync);
        waiting?.resolve();
      } catch (error) {
        const { log, backend } = this.#options;
        log.throttled(
          "error",
          "spool-facts-not-stored",
          { backend, error: messageOf(error) },
          `facts ${backend}`,
        );
        waiting?.reject(error);
      }
      this.#syncLater();
    }
    this.#work = undefined;
  }

  /** Appends; if that fails, or the file has grown too large, writes a new one with all there is. */
  async #store(entries: readonly Uint8Array[], sync: boolean): Promise<void> {
    const limit = Math.max(MIN_COMPACTION_BYTES, COMPACTION_RATIO * this.#liveBytes);
    const size = entries.reduce((sum, entry) => sum + entry.byteLength, this.#size);
    this.#unsynced ||= entries.length > 0;
    if (this.#file !== undefined && size <= limit) {
      try {
        if (entries.length > 0) await this.#file.append(entries);
        this.#size = size;
        if (!sync) return;
        await this.#file.sync();
        this.#unsynced = false;
        return;
      } catch (error) {
        const { log, backend } = this.#options;
        log.throttled(
          "warn",
          "spool-facts-rewritten",
          { backend, error: messageOf(error) },
          `rewrite ${backend}`,
        );
      }
    }
    await this.#rewrite();
  }

  /** Replaces the file by one with the last values only, which is safe whatever becomes of the old one. */
  async #rewrite(): Promise<void> {
    const { directory } = this.#options;
    const old = this.#file;
    this.#file = undefined;
    this.#unsynced = true;
    // What it could not store is in the new file too, so that a failure says nothing.
    await old?.close().catch(() => {});
    const size = this.#liveBytes;
    await this.#write(NEW_FILE, [...this.#entries.values()]);
    await directory.rename(NEW_FILE, FILE);
    await directory.sync();
    this.#file = await directory.open(FILE);
    this.#size = size;
    this.#unsynced = false;
    this.#damageThere = false;
  }

  /** Makes a file of these bytes that survives a power cut, once its directory is synced. */
  async #write(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    const { directory } = this.#options;
    const file = await directory.open(name);
    try {
      await file.truncate(0);
      await file.append(pieces);
      await file.sync();
    } catch (error) {
      // The next one is another file: a sync that failed may have left bytes of this one that no later sync writes.
      await directory.remove(name).catch(() => {});
      throw error;
    } finally {
      await file.close();
    }
  }

  #syncLater(): void {
    const { fsync, fsyncIntervalMs, clock } = this.#options;
    if (fsync !== "interval" || !this.#unsynced || this.#closed || this.#timer !== undefined) return;
    this.#timer = clock.after(fsyncIntervalMs, () => {
      this.#timer = undefined;
      if (!this.#unsynced) return;
      this.#syncDue = true;
      this.#work ??= this.#run();
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
