import type { HeldReasons } from "../spool/held-reasons.ts";
import type { TimeRange } from "../spool/time-ranges.ts";
import type { OutcomeKind } from "../writer.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Drain } from "./drains.ts";
import type { Handoff } from "./handoff.ts";

/** A {@link TimeRange} for JSON: nanoseconds since 1970 as text. */
export interface RangeStatus {
  readonly db: string;
  readonly rp: string;
  readonly min: string;
  readonly max: string;
}

/** What a backend looks like from outside: names and figures, no addresses and no secrets. */
export interface BackendStatus {
  readonly name: string;
  /** `down`: it does not answer. `behind`: it answers, and lacks something. */
  readonly state: "up" | "behind" | "down";
  /** Whether it should get queries. */
  readonly inSync: boolean;
  /** Why not, in words. */
  readonly reasons: readonly string[];
  /** How long ago it was in sync, as far as this process knows; 0 while it is. */
  readonly staleSeconds: number;
  /** Who took it out of queries. */
  readonly drained: readonly Drain[];
  /** Where what it lacks is kept. */
  readonly keptOn: "memory" | "disk";
  /** How fast it gets what it missed, at most. */
  readonly drainBytesPerSecond: number;
  readonly version: string | undefined;
  readonly backlog: { readonly records: number; readonly bytes: number };
  readonly lanes: number;
  /** Destinations that the backend is not ready for. */
  readonly held: readonly HeldStatus[];
  /** Where writes for it were dropped, and where it may differ from its replicas for another reason. */
  readonly lost: readonly RangeStatus[];
  readonly suspect: readonly RangeStatus[];
  /** Requests by outcome. Each carried one write or several. */
  readonly requests: Readonly<Record<OutcomeKind, number>>;
  /** Writes that the requests carried; one that was sent again counts again. */
  readonly writes: number;
  /** Queries whose answer has not ended, and all that it was asked. */
  readonly queries: { readonly running: number; readonly asked: number };
  readonly counters: Handoff["counters"];
  /** Absent where nothing is kept on disk. */
  readonly deadLetters:
    | ({ readonly records: number; readonly bytes: number } & DeadLetters["counters"])
    | undefined;
}

export interface HeldStatus {
  readonly db: string;
  readonly rp: string;
  readonly records: number;
  /** Why: what the backend answered last. Absent while it was not asked. */
  readonly status?: number;
  readonly error?: string;
  /** When it said so, in milliseconds since 1970. */
  readonly atMs?: number;
}

/** The backend whose status is told. */
export interface ShownBackend {
  readonly name: string;
  readonly up: boolean;
  readonly version: { readonly version: string } | undefined;
  readonly backlog: BackendStatus["backlog"];
  readonly held: readonly HeldStatus[];
  readonly handoff: Handoff;
  readonly deadLetters: DeadLetters | undefined;
  readonly queries: BackendStatus["queries"];
  isInSync(): boolean;
  outOfSync(): readonly string[];
  staleMs(): number;
}

type Told = Pick<
  BackendStatus,
  "drained" | "keptOn" | "drainBytesPerSecond" | "lanes" | "requests" | "writes"
>;

/** @param told what only the backend itself knows. */
export function backendStatus(backend: ShownBackend, told: Told): BackendStatus {
  const { name, up, version, backlog, held, queries, handoff, deadLetters } = backend;
  return {
    ...told,
    ...{ name, backlog, held },
    state: !up ? "down" : backlog.records > 0 ? "behind" : "up",
    inSync: backend.isInSync(),
    reasons: backend.outOfSync(),
    staleSeconds: Math.ceil(backend.staleMs() / 1_000),
    version: version?.version,
    lost: handoff.lost.list().map(rangeStatus),
    suspect: handoff.suspect.list().map(rangeStatus),
    queries: { running: queries.running, asked: queries.asked },
    counters: { ...handoff.counters },
    deadLetters: deadLetters && {
      records: deadLetters.records,
      bytes: deadLetters.bytes,
      ...deadLetters.counters,
    },
  };
}

export function rangeStatus({ db, rp, minNs, maxNs }: TimeRange): RangeStatus {
  return { db, rp, min: String(minNs), max: String(maxNs) };
}

/** A lane's keys are the database, policy and user of each of its destinations. */
export function heldStatus(
  { keys, records }: { readonly keys: readonly string[]; readonly records: number },
  reasons: HeldReasons,
): HeldStatus {
  const places = keys.map((key) => key.split("\0"));
  const [db = "", rp = ""] = places[0] ?? [];
  const reason = places.map(([, name = ""]) => reasons.of(db, name)).find((found) => found !== undefined);
  if (reason === undefined) return { db, rp, records };
  const { status, error, atMs } = reason;
  return { db, rp, records, status, error, atMs };
}
