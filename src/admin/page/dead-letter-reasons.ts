import { RelayError } from "../../errors.ts";
import type { Status } from "../../observe/status-schema.ts";
import type { ShownRecord, SpoolCommands } from "../spool-commands.ts";

type Backend = Status["backends"][number];

/** Dead letters that are looked at, the oldest. */
const MAX_LOOKED_AT = 100;

/** Why dead letters of a backend were given up: those that have the same reason together. */
export interface ReasonCount {
  readonly db: string;
  readonly rp: string;
  readonly records: number;
  /** What the backend answered, or why not. */
  readonly reason: string;
}

export interface BackendReasons {
  readonly backend: string;
  readonly counts: readonly ReasonCount[];
  /** There are more than were looked at. */
  readonly more: boolean;
  /** Why they cannot be read. */
  readonly error?: string;
}

/** Reads dead letters again only when there are others. */
export class DeadLetterReasons {
  readonly #spool: Pick<SpoolCommands, "show">;
  #known = new Map<string, { readonly signature: string; readonly reasons: BackendReasons }>();

  constructor(spool: Pick<SpoolCommands, "show">) {
    this.#spool = spool;
  }

  async of(backends: readonly Backend[]): Promise<BackendReasons[]> {
    const known = this.#known;
    this.#known = new Map();
    const found: BackendReasons[] = [];
    for (const { name, deadLetters } of backends) {
      if (deadLetters === undefined || deadLetters.records === 0) continue;
      const signature = [deadLetters.records, deadLetters.added, deadLetters.dropped].join(" ");
      const before = known.get(name);
      const reasons = before?.signature === signature ? before.reasons : await this.#read(name);
      this.#known.set(name, { signature, reasons });
      found.push(reasons);
    }
    return found;
  }

  async #read(backend: string): Promise<BackendReasons> {
    try {
      const { records, more } = await this.#spool.show(backend, "dead", MAX_LOOKED_AT);
      return { backend, counts: counted(records), more };
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      return { backend, counts: [], more: false, error: error.message };
    }
  }
}

function counted(records: readonly ShownRecord[]): ReasonCount[] {
  const groups = Map.groupBy(records, ({ db, rp, reason, status, error }) => {
    return JSON.stringify([db, rp, reason, status, error]);
  });
  return [...groups.values()].map((group) => {
    const [{ db, rp, reason = "", status, error = "" }] = group as [ShownRecord];
    const words = [reason, status === undefined ? "" : String(status), error].filter((word) => word !== "");
    return { db, rp, records: group.length, reason: words.join(" ") };
  });
}
