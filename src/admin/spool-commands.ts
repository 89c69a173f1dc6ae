import type { HeldStatus, RangeStatus } from "../backend/backend-status.ts";
import type { LogCheck } from "../spool/verify.ts";
import type { Destination } from "../writer.ts";
import { CommandError } from "./requests.ts";

/** What is kept for a backend: what it lacks, what it lacks but is not ready for, and what was given up. */
export type Part = "backlog" | "held" | "dead";
/** Where each part is in a `BackendSpool`, and the name of its cursor among the facts. */
export const LOGS = { backlog: "main", held: "hold", dead: "dead" } as const;

/** Some of the destinations; without `db` all of them, without `rp` all of the database. */
export interface Where {
  readonly db?: string;
  /** Empty for writes that name no policy. */
  readonly rp?: string;
}

export interface PartReport {
  readonly records: number;
  /** For what is on disk: what it takes there, which shrinks by whole files. */
  readonly bytes: number;
  /** When the oldest record was accepted, in milliseconds since 1970; absent where there is none. */
  readonly oldestMs?: number;
}

export interface Contents {
  readonly backlog: PartReport;
  readonly held: PartReport & { readonly destinations: readonly HeldStatus[] };
  readonly dead: PartReport;
  readonly lost: readonly RangeStatus[];
  readonly suspect: readonly RangeStatus[];
  /** Rows of the three lists that are not shown because there are too many. */
  readonly omitted: number;
}

/** A backend for which something is or was kept. The contents of an orphan are not known while a relay runs. */
export interface BackendReport extends Partial<Contents> {
  readonly name: string;
  /** No output has this name. */
  readonly orphan: boolean;
  /** Why the contents cannot be told. */
  readonly error?: string;
}

/** One record, without credentials. */
export interface ShownRecord {
  readonly db: string;
  readonly rp: string;
  readonly precision: string;
  /** When it was accepted, or given up, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Of the body. */
  readonly bytes: number;
  /** The beginning of the body. */
  readonly preview: string;
  /** It is an InfluxQL statement; of one with a password the preview says just that. */
  readonly statement?: true;
  /** Why it was given up; of dead letters only. */
  readonly reason?: string;
  readonly status?: number;
  readonly error?: string;
}

export interface Shown {
  /** The oldest first. */
  readonly records: readonly ShownRecord[];
  /** There are more. */
  readonly more: boolean;
}

export type PartCheck = LogCheck & { readonly part: Part };

export interface Check {
  readonly parts: readonly PartCheck[];
  /** False when what is known about the parts, as how far they are delivered, was damaged. */
  readonly factsIntact: boolean;
}

/** What can be done with what is kept for backends, wherever it is. Everything rejects with a RelayError. */
export interface SpoolCommands {
  list(): Promise<readonly BackendReport[]>;
  /** At most {@link MAX_SHOWN} records. */
  show(backend: string, part: Part, limit: number): Promise<Shown>;
  /** Reads everything that is stored for it. */
  verify(backend: string): Promise<Check>;
  /** How many records {@link drop} would give up. */
  count(backend: string, part: Part, where: Where): Promise<number>;
  /** Gives up records: but for dead letters they count as lost. Returns how many. */
  drop(backend: string, part: Part, where: Where): Promise<number>;
  /** Puts dead letters to the end of the backlog. Returns how many. */
  replay(backend: string, where: Where): Promise<number>;
}

export const MAX_SHOWN = 1_000;
export const DEFAULT_SHOWN = 20;

export function unknownBackend(name: string): CommandError {
  return new CommandError("unknown", `there is no backend ${JSON.stringify(name)}: \`spool list\` names all`);
}

/** Tells whether a destination is one of those meant. */
export function matcher({ db, rp }: Where): (destination: Destination) => boolean {
  return (destination) =>
    (db === undefined || destination.db === db) && (rp === undefined || destination.rp === rp);
}
