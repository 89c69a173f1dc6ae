import { SpoolError } from "../../src/errors.ts";

export type SqlRow = Readonly<Record<string, ArrayBuffer | string | number | null>>;

/** What the spool uses of the storage of a Durable Object with SQLite: a `DurableObjectStorage` is one. */
export interface SqlStorageArea {
  readonly sql: { exec(query: string, ...values: unknown[]): { toArray(): SqlRow[] } };
  /** Undoes what `run` wrote if it throws. */
  transactionSync<T>(run: () => T): T;
  /** Resolves when everything written so far is durable. */
  sync(): Promise<void>;
}

/** Tells when writes are durable; all that are made in one turn of the event loop wait together. */
export class SqlCommit {
  readonly #storage: SqlStorageArea;
  #group: Promise<void> | undefined;

  constructor(storage: SqlStorageArea) {
    this.#storage = storage;
  }

  /** Resolves when everything written before this call is durable. */
  durable(): Promise<void> {
    this.#group ??= Promise.resolve().then(() => {
      this.#group = undefined;
      return this.#storage.sync();
    });
    return this.#group;
  }
}

/** What the storage threw, in the spool's terms. */
export function toSpoolError(cause: unknown): SpoolError {
  if (cause instanceof SpoolError) return cause;
  const words = cause instanceof Error ? cause.message : String(cause);
  const failure = words.includes("SQLITE_FULL") ? "full" : "io";
  return new SpoolError(failure, `the object's storage: ${words}`, { cause });
}
