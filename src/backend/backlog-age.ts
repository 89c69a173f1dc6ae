/** A mark is set at most so often, in milliseconds of running time, until there are too many. */
const EVERY_MS = 1_000;
const MAX_MARKS = 1_024;

/** A record with the running time at which it was accepted. */
interface Mark {
  readonly place: number;
  readonly ranMs: number;
}

/**
 * How old the records of a log are, without reading it. What was accepted since the last mark counts as that old: by a
 * second too much, or more the longer the log takes to be emptied.
 */
export class BacklogAge {
  #marks: Mark[] = [];
  #everyMs = EVERY_MS;

  /** A record was appended, or found. */
  note(place: number, ranMs: number): void {
    const marks = this.#marks;
    const last = marks.at(-1);
    if (last !== undefined && place > last.place && ranMs - last.ranMs < this.#everyMs) return;
    const at = last === undefined || place > last.place ? marks.length : indexOf(marks, place);
    const before = marks[at - 1];
    if (before !== undefined && ranMs - before.ranMs < this.#everyMs) return;
    marks.splice(at, 0, { place, ranMs });
    if (marks.length <= MAX_MARKS) return;
    this.#everyMs *= 2;
    this.#marks = marks.filter((_, i) => i % 2 === 0);
  }

  /** The running time at which a record was accepted, or the earliest that is known; undefined if none is. */
  acceptedAt(place: number): number | undefined {
    const before = indexOf(this.#marks, place + 1) - 1;
    // Nobody asks for what comes before it again.
    if (before > 0) this.#marks.splice(0, before);
    return this.#marks[0]?.ranMs;
  }

  /** The log is empty. */
  clear(): void {
    this.#marks = [];
    this.#everyMs = EVERY_MS;
  }
}

/** Of the first mark that is not below a place. */
function indexOf(marks: readonly Mark[], place: number): number {
  const at = marks.findIndex((mark) => mark.place >= place);
  return at < 0 ? marks.length : at;
}
