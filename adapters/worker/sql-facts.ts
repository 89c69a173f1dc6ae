import { SpoolError } from "../../src/errors.ts";
import type { SpoolFacts } from "../../src/spool/log.ts";
import { type SqlCommit, type SqlStorageArea, toSpoolError } from "./sql-storage.ts";

/** Small facts in a table of a Durable Object. */
export class SqlFacts implements SpoolFacts {
  readonly intact: boolean;
  readonly #storage: SqlStorageArea;
  readonly #commit: SqlCommit;
  /** By name: the value that was set last, as JSON. */
  readonly #texts = new Map<string, string>();
  /** By name: when what is being stored is stored, or has failed. */
  readonly #storing = new Map<string, Promise<void>>();
  /** By name: when the value that waits for that is stored. */
  readonly #waiting = new Map<string, Promise<void>>();
  #closed = false;

  /** @throws {SpoolError} when the table cannot be read. */
  constructor(storage: SqlStorageArea, commit: SqlCommit) {
    this.#storage = storage;
    this.#commit = commit;
    let intact = true;
    try {
      storage.sql.exec("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)");
      for (const { name, value } of storage.sql.exec("SELECT name, value FROM facts").toArray()) {
        if (isJson(String(value))) this.#texts.set(String(name), String(value));
        else intact = false;
      }
    } catch (error) {
      throw toSpoolError(error);
    }
    this.intact = intact;
  }

  get(name: string): unknown {
    const text = this.#texts.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  set(name: string, value: unknown): Promise<void> {
    if (this.#closed) return Promise.reject(new SpoolError("closed", "the facts are closed"));
    this.#texts.set(name, JSON.stringify(value ?? null));
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) return waiting;
    const before = this.#storing.get(name) ?? Promise.resolve();
    const stored = before.then(() => this.#storeLast(name));
    this.#waiting.set(name, stored);
    return stored;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#waiting.values());
    await Promise.all(this.#storing.values());
  }

  #storeLast(name: string): Promise<void> {
    this.#waiting.delete(name);
    const stored = this.#store(name);
    this.#storing.set(
      name,
      stored.catch(() => undefined),
    );
    return stored;
  }

  async #store(name: string): Promise<void> {
    try {
      this.#storage.sql.exec("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, this.#texts.get(name));
      await this.#commit.durable();
    } catch (error) {
      throw toSpoolError(error);
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
