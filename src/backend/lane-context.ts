import type { Clock } from "../platform.ts";
import type { Reply } from "../writer.ts";
import type { Apart } from "./apart.ts";
import type { BackendClient } from "./client.ts";
import type { Entry } from "./entry.ts";
import type { Gate } from "./gate.ts";
import type { Handoff } from "./handoff.ts";

/** A lane in which nothing waits. */
export interface Resting {
  readonly key: string;
  readonly held: boolean;
  stop(): Promise<void>;
}

/** What the lanes of one backend share. */
export interface LaneContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly gate: Gate;
  readonly handoff: Handoff;
  readonly apart: Apart;
  maxDelayMs(): number;
  /** Bytes of waiting writes that one request may carry. 0 joins nothing. */
  maxBatchBytes(): number;
  client(): BackendClient;
  /** Calls `run` at the end of the current turn of the event loop. */
  defer(run: () => void): void;
  /** The backend is not ready for the destination of these entries: moves them where they block nobody else. */
  hold(entries: readonly Entry[], failed: ReadonlySet<Entry>, reply: Reply): void;
  /** Nothing waits in the lane any more. */
  idle(lane: Resting): void;
  /** A request that carried `writes` of them ended. */
  observed(reply: Reply, writes: number): void;
}
