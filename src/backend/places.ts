/** More than so many ranges are not remembered: the lowest is forgotten. */
const MAX_RANGES = 100_000;

/** A set of places in a log, as ranges: places that are added together mostly follow each other. */
export class Places {
  /** Sorted, apart from each other: from, and up to but without. */
  #ranges: { from: number; to: number }[] = [];

  add(place: number): void {
    const i = this.#indexAfter(place);
    const before = this.#ranges[i - 1];
    const after = this.#ranges[i];
    if (before !== undefined && place < before.to) return;
    if (before?.to === place) {
      before.to = place + 1;
      if (after?.from === before.to) {
        before.to = after.to;
        this.#ranges.splice(i, 1);
      }
    } else if (after?.from === place + 1) {
      after.from = place;
    } else {
      this.#ranges.splice(i, 0, { from: place, to: place + 1 });
      if (this.#ranges.length > MAX_RANGES) this.#ranges.shift();
    }
  }

  has(place: number): boolean {
    const range = this.#ranges[this.#indexAfter(place) - 1];
    return range !== undefined && place < range.to;
  }

  /** Forgets all below `place`. */
  forgetBelow(place: number): void {
    const first = this.#ranges.findIndex(({ to }) => to > place);
    this.#ranges = first < 0 ? [] : first === 0 ? this.#ranges : this.#ranges.slice(first);
  }

  /** The index of the first range that begins behind `place`. */
  #indexAfter(place: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as { from: number }).from <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
