import { answered, unanswered } from "../../src/backend/outcome.ts";
import type { Acceptance, Replica, ReplyObserver } from "../../src/backend/replica.ts";
import type { SpoolError } from "../../src/errors.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut, type FanOutSpool } from "../../src/write/fan-out.ts";
import type { Reply, Write } from "../../src/writer.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const never = new AbortController().signal;
export const text = (reply: Reply) => new TextDecoder().decode(reply.body);

/** A replica whose answers the test gives. */
export class ScriptedReplica implements Replica {
  readonly name: string;
  up = true;
  fate: "undecided" | "kept" | "dropped" = "undecided";
  divergences = 0;
  full = false;
  /** It takes the write, but much comes before it. */
  backlog = false;
  /** It was asked to store the write, whatever is decided. */
  placed = false;
  #observer: ReplyObserver | undefined;
  #index = 0;

  constructor(name: string) {
    this.name = name;
  }

  takes(): boolean {
    return this.up;
  }

  isFull(): boolean {
    return this.full;
  }

  keepsSafely(): boolean {
    return true;
  }

  accept(_write: Write, observer: ReplyObserver, index: number): Acceptance {
    this.#observer = observer;
    this.#index = index;
    if (!this.up) observer.answered(index, unanswered("down"));
    const decide = (fate: "kept" | "dropped") => {
      if (this.fate === "undecided") this.fate = fate;
    };
    return {
      behind: !this.up || this.backlog,
      place: () => {
        this.placed = true;
      },
      expire: () => {},
      keep: () => decide("kept"),
      drop: () => decide("dropped"),
      diverged: () => {
        this.divergences++;
      },
    };
  }

  /** The write is stored for it, or cannot be. */
  store(error?: SpoolError): void {
    this.#observer?.kept(this.#index, error);
  }

  answer(reply: Reply): void {
    this.#observer?.answered(this.#index, reply);
  }

  get asked(): boolean {
    return this.#observer !== undefined;
  }
}

export function http(
  status: number,
  body = `{"error":"e${status}"}\n`,
  headers: Record<string, string> = {},
): Reply {
  return answered({ status, header: (name) => headers[name], body: new TextEncoder().encode(body) });
}

type Options = Partial<Pick<Write, "keep" | "hasLines" | "consistency">> & { readonly spool?: FanOutSpool };

/** A fan-out over replicas a, b, c with a deadline of a second, and one write to post to it. */
export function setUp(replicas: number, { spool, ...options }: Options = {}) {
  const set = Array.from({ length: replicas }, (_, i) => new ScriptedReplica("abc"[i] ?? "?"));
  const clock = createVirtualClock();
  const budget = new Budget(1_000_000);
  const fanOut = new FanOut({ replicas: set, clock, deadlineMs: 1_000, budget, ...(spool && { spool }) });
  const write: Write = {
    destination: { db: "d", rp: "", precision: "", credentials: undefined },
    body: new TextEncoder().encode("m v=1 1"),
    hasLines: true,
    closed: true,
    source: "",
    keep: "acknowledged",
    consistency: "one",
    ...options,
  };
  const replied: Reply[] = [];
  const post = () => fanOut.post(write, never).then((reply) => replied.push(reply));
  const settle = async () => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  const fates = () => set.map(({ fate }) => fate);
  return { set, clock, budget, post, replied, settle, fates, expire: () => clock.advance(1_000) };
}

export const DOWN = unanswered("refused");
