import type { Clock } from "../platform.ts";
import type { Destination, Reply } from "../writer.ts";
import type { Apart } from "./apart.ts";
import type { BacklogLane } from "./backlog-lane.ts";
import type { BackendClient, Result } from "./client.ts";
import type { Entry } from "./entry.ts";
import type { Gate } from "./gate.ts";
import type { Handoff } from "./handoff.ts";
import type { LaneChanges } from "./lane-changes.ts";
import type { Pace } from "./pace.ts";
import type { Pauses } from "./pauses.ts";
import type { Carried } from "./results.ts";

/** The log behind a lane. */
export interface LaneBacklog {
  /** True if it ends with the process: nothing needs to be made durable. */
  readonly volatile: boolean;
  /** True if nothing is kept for a backend that does not take writes. */
  readonly keepsNothing: boolean;
  /** The first place that is still in the log, and stays there until it is delivered. */
  readonly firstPlace: number;
  /** So long nothing that was in the log when it was opened may be sent, in milliseconds. */
  readonly settleMs: number;
  append(entry: Entry, lane: BacklogLane): void;
  /** Reads on for lanes that have room. */
  pump(): void;
  /** Makes durable how far the lanes are; false if that failed. */
  commit(): Promise<boolean>;
  /** The part of the log in which a new lane may have records that nobody has looked at yet. */
  unknownPart(): { next: number; end: number } | undefined;
}

/** What the lanes of one backend share. */
export interface LaneContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly gate: Gate;
  readonly handoff: Handoff;
  readonly apart: Apart;
  readonly pace: Pace;
  readonly pauses: Pauses;
  readonly changes: LaneChanges;
  maxDelayMs(): number;
  poisonAfterMs(): number;
  /** True if the backend stored something after that (monotonic) time. */
  storedSince(ms: number): boolean;
  /** Bytes of waiting writes that one request may carry. 0 joins nothing. */
  maxBatchBytes(): number;
  client(): BackendClient;
  /** Calls `run` at the end of the current turn of the event loop. */
  defer(run: () => void): void;
  /** True if writes to a destination are held, in a lane of its own. */
  isHeld(destination: Destination): boolean;
  /** The backend is not ready for the destination of these entries: moves them where they block nobody else. */
  hold(entries: readonly Entry[], failed: ReadonlySet<Entry>, reply: Reply | undefined): void;
  /** Nothing waits in the lane any more. */
  idle(lane: BacklogLane & { readonly held: boolean; stop(): Promise<void> }): void;
  /** A request ended. */
  observed(result: Result, carried: Carried): void;
}
