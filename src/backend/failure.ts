import type { Reply } from "../writer.ts";
import type { Entry } from "./entry.ts";

/** Entries that were not taken, until all of them were decided about. */
export interface Failure {
  readonly undecided: Set<Entry>;
  readonly reply: Reply;
  /** How long to wait before they are sent again; undefined leaves that to the gate. */
  readonly waitMs: number | undefined;
  kept: boolean;
}
