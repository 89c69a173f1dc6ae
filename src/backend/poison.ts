import type { Entry } from "./entry.ts";
import type { LaneContext } from "./lane-context.ts";

/** Finds out whose fault it is when a write gets, alone, an error that is the backend's own, again and again. */
export class Poison {
  readonly #context: Pick<LaneContext, "clock" | "poisonAfterMs" | "storedSince">;
  /** The write that fails, by its place in the log (it may leave the memory between two tries), and since when. */
  #failing: { readonly place: number; readonly sinceMs: number } | undefined;

  constructor(context: Pick<LaneContext, "clock" | "poisonAfterMs" | "storedSince">) {
    this.#context = context;
  }

  /** The backend's for a time; then the write's if the backend stored others meanwhile, else it is not known. */
  faultOf({ ticket }: Entry): "backend" | "write" | "unknown" {
    const { clock, poisonAfterMs, storedSince } = this.#context;
    const now = clock.monotonic();
    if (ticket === undefined) return "backend";
    if (this.#failing?.place !== ticket.first) this.#failing = { place: ticket.first, sinceMs: now };
    const { sinceMs } = this.#failing;
    if (now - sinceMs < poisonAfterMs()) return "backend";
    if (!storedSince(sinceMs)) return "unknown";
    // Other lines of the same record come next.
    this.#failing = undefined;
    return "write";
  }
}
