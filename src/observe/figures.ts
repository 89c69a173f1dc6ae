import type { ProcessFigures } from "../platform.ts";
import type { Distribution } from "./histogram.ts";

/**
 * The figures of a relay at one moment, copied: whoever wants rates takes two and subtracts. Everything that only grows
 * does so since the start, or since what it is about is in the config. Names are those of the config; there are no
 * databases, measurements or clients in it, so that it stays small.
 */
export interface Figures {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly build: BuildFigures;
  readonly process?: ProcessFigures | undefined;
  readonly listeners: readonly ListenerFigures[];
  readonly udp: readonly UdpFigures[];
  /** Bodies whose clients wait for an answer, and writes refused because there were too many. */
  readonly waiting?: { readonly bytes: number; readonly refused: number };
  readonly backends: readonly BackendFigures[];
  /** Backends that left the config while they still lacked something, together. */
  readonly removed?: { readonly backends: number; readonly records: number; readonly bytes: number };
  readonly recovery?: RecoveryFigures;
  /** Fields that replicas store with different types. */
  readonly fieldTypeConflicts?: number;
}

export type Counts<TName extends string = string> = Readonly<Record<TName, number>>;

export interface BuildFigures {
  /** Of the relay; empty where it is not known. */
  readonly version: string;
  readonly runtime: string;
  readonly runtimeVersion: string;
}

export interface ListenerFigures {
  readonly name: string;
  readonly counters: Counts<
    | "writeBytes"
    | "writeLines"
    | "unauthorized"
    | "tooLarge"
    | "aborted"
    | "refusedConnections"
    | "internalErrors"
  >;
  /** Writes by outcome. */
  readonly writes: Counts;
  readonly writeSeconds: Distribution;
  readonly queries: Counts<
    | "requests"
    | "answered"
    | "changes"
    | "refused"
    | "failed"
    | "busy"
    | "abandoned"
    | "brokenOff"
    | "failovers"
    | "stale"
    | "unsynced"
  >;
  readonly querySeconds: Distribution;
  /** Absent if every replica gets every write. */
  readonly sharding?:
    | {
        /** Statements by plan. */
        readonly plans: Counts;
        readonly shards: readonly ({ readonly name: string; readonly weight: number } & Counts<
          "writes" | "lines" | "bytes"
        >)[];
      }
    | undefined;
}

export interface UdpFigures {
  readonly name: string;
  readonly kernelDrops: number | undefined;
  readonly datagrams: {
    readonly received: number;
    readonly forwarded: number;
    readonly lines: number;
    /** By reason. */
    readonly dropped: Counts;
    readonly waiting?: number;
    readonly waitingBytes?: number;
    /** Batches by outcome. */
    readonly batches?: Counts;
    readonly outputs?: readonly ({ readonly name: string } & Counts<
      "sent" | "failed" | "queueFull" | "tooLong"
    >)[];
  };
}

export interface BackendFigures {
  readonly name: string;
  /** What was given a place in its order. */
  readonly accepted: Counts<"writes" | "lines" | "bytes">;
  /** Requests by outcome. */
  readonly requests: Counts;
  readonly requestSeconds: Distribution;
  /** By reason. */
  readonly lostFor: Counts;
  /** What became of writes beside their way through the log, as far as it is counted there. */
  readonly counters: Counts<"kept" | "delivered" | "lostBytes" | "rejected" | "expired" | "notStored">;
  /** Absent where each request sends for itself, as on Workers without a Durable Object. */
  readonly order?: OrderFigures;
}

/** The figures of a backend with lanes and logs. */
export interface OrderFigures {
  readonly up: boolean;
  readonly inSync: boolean;
  readonly staleSeconds: number;
  readonly drained: boolean;
  readonly counters: Counts<"poisoned" | "changes" | "changesFailed">;
  readonly retries: number;
  /** Writes that a request carried. */
  readonly joined: Distribution;
  readonly requestBytes: Distribution;
  readonly lanes: number;
  /** Writes that it has not taken: in all lanes, and in the one that has the most. */
  readonly waiting: { readonly writes: number; readonly deepest: number };
  readonly queries: Counts<"running" | "asked">;
  readonly logs: readonly LogFigures[];
  /** Ranges of time, in which it lacks something or may differ. */
  readonly ranges: Counts<"lost" | "suspect">;
  readonly deadLetters?: Counts<"added" | "dropped" | "notStored"> | undefined;
}

/** One of `main`, `hold` and `dead`: what waits, what it is not ready for, and what was given up. */
export interface LogFigures {
  readonly name: "main" | "hold" | "dead";
  readonly records: number;
  readonly bytes: number;
  /** How long ago the oldest record was accepted; undefined where that is not known. */
  readonly oldestSeconds: number | undefined;
  /** Only of files. */
  readonly files?:
    | ({ readonly syncSeconds: Distribution } & Counts<
        | "appended"
        | "bytesAppended"
        | "failedAppends"
        | "failedWrites"
        | "failedSyncs"
        | "damagedRecords"
        | "damagedBytes"
      >)
    | undefined;
}

export interface RecoveryFigures {
  readonly backends: readonly {
    readonly name: string;
    readonly state: "idle" | "waiting" | "repairing" | "comparing";
    readonly alarms: number;
    /** What ended, by result. */
    readonly ended: Counts;
    /** Points copied by what ended. */
    readonly points: number;
    /** Of what runs. */
    readonly progress?:
      | (Counts<"done" | "total" | "points" | "pointsToCopy"> & { readonly leftSeconds?: number })
      | undefined;
  }[];
  /** The scheduled check of the numbers of points. */
  readonly check: {
    readonly findings: number;
    readonly skipped: number;
    /** Seconds since 1970. */
    readonly endedAtSeconds: number | undefined;
  };
}
