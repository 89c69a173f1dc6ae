import type { Reply } from "../writer.ts";
import type { Entry } from "./entry.ts";
import { isKept } from "./entry-state.ts";
import type { Joiner } from "./joiner.ts";
import type { LaneContext } from "./lane-context.ts";
import type { LaneMemory } from "./lane-memory.ts";
import { isExpired } from "./outcome.ts";
import { Poison } from "./poison.ts";

/** Whose fault it is that a write was refused; `divided`: its parts are sent next, to find out. */
export type Fault = "divided" | "backend" | "write" | "unknown";

/** What becomes of a write that the backend took, or that it answers with an error of its own. */
export class Judge {
  readonly #context: LaneContext;
  readonly #memory: LaneMemory;
  readonly #joiner: Joiner;
  readonly #poison: Poison;
  /** Entry that is being answered with a rejection just now. */
  #rejecting: Entry | undefined;

  constructor(context: LaneContext, memory: LaneMemory, joiner: Joiner) {
    this.#context = context;
    this.#memory = memory;
    this.#joiner = joiner;
    this.#poison = new Poison(context);
  }

  /** It was stored, or rejected. */
  taken(entry: Entry, reply: Reply): void {
    const { handoff } = this.#context;
    if (reply.kind === "stored") {
      if (entry.ticket !== undefined) handoff.delivered(entry.ticket.places.length);
    } else {
      this.#rejecting = entry;
      entry.answer(reply);
      this.#rejecting = undefined;
      if (isKept(entry) && this.#rejected(entry, reply)) return;
    }
    this.#memory.leave(entry);
    entry.answer(reply);
  }

  /** The fan-out found out that another replica stored what this backend rejected. */
  diverged(entry: Entry, reply: Reply): void {
    // Just being told: there is still time to look for the bad lines before what comes after it is sent.
    if (entry === this.#rejecting) entry.decision = "keep";
    else if (!entry.judged) this.#context.handoff.diverged(entry, reply);
  }

  /** The backend answers this write, alone, with an error of its own. One that is at fault leaves. */
  refused(entry: Entry, reply: Reply): Fault {
    if (this.#divide(entry, false)) return "divided";
    const fault = this.#poison.faultOf(entry);
    if (fault === "write") {
      this.#context.handoff.poisoned(entry, reply);
      this.#memory.leave(entry);
    }
    return fault;
  }

  /** Another replica has what this one rejected. True if it was divided, to find the lines that are at fault. */
  #rejected(entry: Entry, reply: Reply): boolean {
    const { handoff } = this.#context;
    if (handoff.hasDeadLetters && !isExpired(reply)) {
      this.#memory.place(entry);
      if (this.#divide(entry, true)) return true;
    }
    entry.judged = true;
    handoff.diverged(entry, reply);
    return false;
  }

  #divide(entry: Entry, bounded: boolean): boolean {
    const parts = this.#memory.divide(entry, bounded);
    if (parts === undefined) return false;
    this.#joiner.goOnWith(parts);
    return true;
  }
}
