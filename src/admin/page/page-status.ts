import type { Status } from "../../observe/status-schema.ts";
import type { BackendReasons } from "./dead-letter-reasons.ts";
import type { Markup } from "./markup.ts";
import type { Rates } from "./rates.ts";

/** Another relay that shares servers with this one. */
export interface ShownPeer {
  readonly name: string;
  readonly reachable: boolean;
  readonly problems: readonly {
    readonly severity: "alarm" | "warning";
    readonly what: string;
    readonly next: string;
  }[];
}

/** What `/status` answers, as the page reads it. */
export type PageStatus = Status & { readonly peers?: readonly ShownPeer[] };
export type PageBackend = PageStatus["backends"][number];

/** All that the page is made from. */
export interface Shown {
  readonly status: PageStatus;
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
