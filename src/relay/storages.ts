import type { Config, SpoolConfig } from "../config/config.ts";
import { ConfigError, RelayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Platform } from "../platform.ts";
import type { BackendSpool } from "../spool/log.ts";
import { Spools } from "../spool/spools.ts";
import { namedOutputs } from "./replicas.ts";

/** What is stored for the backends of a relay: opened before they need it. */
export class Storages {
  readonly #platform: Platform;
  readonly #log: Log;
  #config: SpoolConfig | undefined;
  #spools: Spools | undefined;
  /** What is open and not taken yet. */
  readonly #open = new Map<string, BackendSpool>();
  /** Backends that lack nothing any more, while their files are being closed. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(platform: Platform, log: Log) {
    this.#platform = platform;
    this.#log = log;
  }

  /** Opens what the backends of a config need, but for those that exist. @throws {SpoolError} @throws {ConfigError} */
  async prepare(config: Config, existing: ReadonlySet<string>): Promise<void> {
    const { spool } = config;
    if (this.#config !== undefined || existing.size > 0) checkFixed(this.#config, spool);
    this.#config = spool;
    if (spool === undefined) return;
    this.#spools ??= await this.#openSpools(spool);
    for (const name of namedOutputs(config).keys()) {
      await this.#closing.get(name);
      if (existing.has(name) || this.#open.has(name)) continue;
      this.#open.set(name, await this.#spools.backend(name));
    }
  }

  async #openSpools(config: SpoolConfig): Promise<Spools> {
    const { openSpool, clock } = this.#platform;
    if (openSpool === undefined) throw new RelayError("NO_FILES", "[spool]: this runtime has no files");
    return Spools.open({ root: await openSpool(config.dir), config, clock, log: this.#log });
  }

  /** Hands over what is stored for a backend; undefined if nothing outlives the process. */
  take(name: string): BackendSpool | undefined {
    const spool = this.#open.get(name);
    this.#open.delete(name);
    return spool;
  }

  /** A backend lets go of what is stored for it once `closed` has ended. */
  giveBack(name: string, closed: Promise<void>): void {
    this.#closing.set(
      name,
      closed.finally(() => this.#closing.delete(name)),
    );
  }

  /** What is stored for backends that do not exist is not touched, but somebody should know. */
  async tellOrphans(existing: ReadonlySet<string>): Promise<void> {
    for (const name of (await this.#spools?.names()) ?? []) {
      if (existing.has(name)) continue;
      this.#log.warn("spool-without-backend", {
        backend: name,
        next: "no output has this name: give one the name and it gets what is stored, or drop it (relay spool)",
      });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.values());
    for (const { main, hold, dead, facts } of this.#open.values()) {
      await Promise.all([main, hold, dead, facts].map((part) => part.close()));
    }
    this.#open.clear();
    await this.#spools?.close();
  }
}

/** Refuses to change what cannot change while the relay runs. */
function checkFixed(before: SpoolConfig | undefined, after: SpoolConfig | undefined): void {
  const fixed = ({ dir, fsync, fsyncIntervalMs, credentialsKey }: SpoolConfig) =>
    JSON.stringify([dir, fsync, fsyncIntervalMs, credentialsKey?.reveal()]);
  if ((before && fixed(before)) === (after && fixed(after))) return;
  const message =
    "dir, fsync, fsync-interval and credentials-key cannot change while the relay runs: restart it";
  throw new ConfigError("config", [{ path: "spool", message }]);
}
