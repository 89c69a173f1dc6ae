import * as v from "valibot";
import type { SpoolConfig } from "../config/config.ts";
import type { Log } from "../observe/log.ts";
import type { Clock, SpoolDirectory, SpoolRoot } from "../platform.ts";
import { type CredentialSealer, createCredentialSealer } from "./credential-sealer.ts";
import { ABANDONED, cursorSchema } from "./cursor.ts";
import { FactJournal } from "./fact-journal.ts";
import type { BackendSpool, SpoolFacts } from "./log.ts";
import { SegmentLog } from "./segment-log.ts";

/** Segments are no larger, in bytes: so much is lost at most by one that cannot be read. */
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
/** A log has at least so many segments: the oldest is what goes when it is full. */
const MIN_SEGMENTS = 8;

interface SpoolsOptions {
  readonly root: SpoolRoot;
  readonly config: SpoolConfig;
  readonly clock: Clock;
  readonly log: Log;
}

/** The spools of all backends below one directory. */
export class Spools {
  readonly #options: SpoolsOptions;
  readonly #sealer: CredentialSealer | undefined;

  private constructor(options: SpoolsOptions, sealer: CredentialSealer | undefined) {
    this.#options = options;
    this.#sealer = sealer;
  }

  static async open(options: SpoolsOptions): Promise<Spools> {
    const key = options.config.credentialsKey?.reveal();
    const bytes = key === undefined ? undefined : Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
    return new Spools(options, bytes && (await createCredentialSealer(bytes)));
  }

  /** Names of the backends that something was stored for once. */
  names(): Promise<readonly string[]> {
    return this.#options.root.list();
  }

  /**
   * What is stored for one backend, which nobody else has open.
   * @throws {SpoolError} `version` when a newer relay wrote it, others when the files cannot be read or made.
   */
  async backend(name: string): Promise<BackendSpool> {
    const { root, config, clock, log } = this.#options;
    const directory = await root.directory(name);
    const { fsync, fsyncIntervalMs } = config;
    const facts = await FactJournal.open({ directory, fsync, fsyncIntervalMs, clock, log, backend: name });
    const opened: SegmentLog[] = [];
    try {
      for (const [prefix, size] of [
        ["main", config.maxSize],
        ["hold", config.holdMaxSize],
        ["dead", config.deadLetterMaxSize],
      ] as const) {
        opened.push(await this.#log(name, directory, prefix, size, facts));
      }
    } catch (error) {
      await Promise.all([...opened, facts].map((part) => part.close()));
      throw error;
    }
    const [main, hold, dead] = opened as [SegmentLog, SegmentLog, SegmentLog];
    return {
      ...{ main, hold, dead, facts },
      doubtful: root.lastEnd === "lost" && fsync !== "always",
      abandoned: root.lastEnd !== "closed" || facts.get(ABANDONED) === true,
    };
  }

  close(): Promise<void> {
    return this.#options.root.close();
  }

  #log(name: string, directory: SpoolDirectory, prefix: string, maxBytes: number, facts: SpoolFacts) {
    const { config, clock, log } = this.#options;
    return SegmentLog.open({
      directory,
      prefix,
      backend: name,
      segmentBytes: Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / MIN_SEGMENTS)),
      fsync: config.fsync,
      fsyncIntervalMs: config.fsyncIntervalMs,
      ...(this.#sealer && { sealer: this.#sealer }),
      atLeast: highestPlace(facts.get(prefix)),
      clock,
      log,
    });
  }
}

function highestPlace(fact: unknown): number {
  const stored = v.safeParse(cursorSchema, fact);
  if (!stored.success) return 0;
  const { cursor, lanes, changes } = stored.output;
  return Math.max(cursor, ...lanes.map(([, , place]) => place), ...changes.map(([, place]) => place));
}
