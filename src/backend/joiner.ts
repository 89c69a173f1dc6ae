import type { Reply } from "../writer.ts";
import type { Apart } from "./apart.ts";
import type { Entry } from "./entry.ts";
import type { LaneQueue } from "./lane-queue.ts";
import { sameDestination } from "./same-destination.ts";

const LF = 0x0a;
const NEWLINE = new Uint8Array([LF]);
/** Bodies of this size in bytes go out as they are; copying smaller ones together is cheaper than sending each. */
const MIN_PIECE_BYTES = 64 * 1024;

/**
 * Chooses which waiting writes go into the next request of a lane, and finds out which of them was at fault when
 * such a request is refused: it is divided into halves, in order, until every write has its own answer. InfluxDB
 * stores the same point twice as one, so a write that was stored with the first try may be sent again.
 */
export class Joiner {
  readonly #apart: Apart;
  /** True if what is in the log and what is not must not share a request. */
  readonly #separate: boolean;
  /** Parts of a refused request that are still to be sent, the next one last. */
  #parts: (readonly Entry[])[] = [];

  constructor(apart: Apart, separate: boolean) {
    this.#apart = apart;
    this.#separate = separate;
  }

  /** The entries for the next request: from the head of the queue, of one destination, within the limit. */
  take(queue: LaneQueue, maxBytes: number, mayGo: ((entry: Entry) => boolean) | undefined): readonly Entry[] {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      const left = part.filter((entry) => !entry.gone);
      if (left.length > 0) return left;
    }
    const joins = this.#boundary(maxBytes);
    return queue.first(mayGo === undefined ? joins : (entry, first) => joins(entry, first) && mayGo(entry));
  }

  /** The pieces of the body that carries all entries. */
  join(entries: readonly Entry[]): readonly Uint8Array[] {
    if (entries.length === 1) return [(entries[0] as Entry).body];
    const pieces: Uint8Array[] = [];
    let small: Uint8Array[] = [];
    for (const { body } of entries) {
      if (body.byteLength < MIN_PIECE_BYTES) {
        small.push(body);
        continue;
      }
      if (small.length > 0) pieces.push(concatenate(small));
      small = [];
      pieces.push(body);
      if (body[body.byteLength - 1] !== LF) pieces.push(NEWLINE);
    }
    if (small.length > 0) pieces.push(concatenate(small));
    return pieces;
  }

  /**
   * After a request: true if it carried several writes and was refused in a way that may be the fault of one.
   * The halves are then what {@link take} gives next.
   */
  divide(entries: readonly Entry[], reply: Reply): boolean {
    const refused = reply.kind === "rejected" || (reply.kind === "unreachable" && reply.status >= 500);
    if (!refused) return false;
    if (entries.length === 1) {
      const { write, missed } = entries[0] as Entry;
      if (reply.kind === "rejected" && !missed) this.#apart.add(write);
      return false;
    }
    const middle = Math.ceil(entries.length / 2);
    this.#parts.push(entries.slice(middle), entries.slice(0, middle));
    return true;
  }

  /** What is to be sent next, one after the other. */
  goOnWith(entries: readonly Entry[]): void {
    this.#parts.push(...entries.map((entry) => [entry]).reverse());
  }

  /** Forgets how the last request was divided: what failed is sent again in order, from the head of the queue. */
  reset(): void {
    this.#parts = [];
  }

  /** Says of each entry in turn whether it can join those before it. */
  #boundary(maxBytes: number): (entry: Entry, first: Entry | undefined) => boolean {
    let bytes = 0;
    let open = false;
    return (entry, first) => {
      bytes += entry.body.byteLength + 1;
      if (first === undefined) {
        open = !this.#joinable(entry);
        return true;
      }
      return (
        !open &&
        bytes <= maxBytes &&
        (!this.#separate || (entry.ticket === undefined) === (first.ticket === undefined)) &&
        sameDestination(entry.destination, first.destination) &&
        this.#joinable(entry)
      );
    };
  }

  #joinable({ write }: Entry): boolean {
    return write.closed && !this.#apart.has(write);
  }
}

/** One body with the lines of all. */
export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array {
  return bodies.length === 1 ? (bodies[0] as Uint8Array) : concatenate(bodies);
}

/** The bodies, each on lines of its own. */
function concatenate(bodies: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const body of bodies) length += body.byteLength + 1;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const body of bodies) {
    joined.set(body, at);
    at += body.byteLength;
    if (joined[at - 1] !== LF) joined[at++] = LF;
  }
  return joined.subarray(0, at);
}
