import type { Status } from "../../observe/status-schema.ts";
import type { BackendReasons } from "./dead-letter-reasons.ts";
import type { Markup } from "./markup.ts";
import type { Rates } from "./rates.ts";

export type PageBackend = Status["backends"][number];

/** All that the page is made from. */
export interface Shown {
  readonly status: Status;
  readonly rates: Rates | undefined;
  readonly deadLetters: readonly BackendReasons[];
  /** The file that commands are to name; without one there are no commands. */
  readonly config: string | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What the page shows at one moment. */
export interface Snapshot {
  readonly title: string;
  /** HTML. */
  readonly main: Markup;
}
