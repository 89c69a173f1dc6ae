/**
 * Where a write is in a log: one place, or those of several records that were joined when they were read back. It may
 * be divided among several entries; the places are free once all of them have left.
 */
export class Ticket {
  /** Rising. */
  readonly places: readonly number[];
  /** True once it is as safe as the log promises. */
  safe: boolean;
  readonly #free: (places: readonly number[]) => void;
  #parts = 1;
  #shared = false;

  constructor(places: readonly number[], safe: boolean, free: (places: readonly number[]) => void) {
    this.places = places;
    this.safe = safe;
    this.#free = free;
  }

  get first(): number {
    return this.places[0] as number;
  }

  get last(): number {
    return this.places[this.places.length - 1] as number;
  }

  /** True once more than one entry had it: what is left of them is not all that is in the log. */
  get shared(): boolean {
    return this.#shared;
  }

  /** Two tickets instead of this one, for those before and those from the place with this index. */
  divide(index: number): readonly [Ticket, Ticket] {
    const part = (places: readonly number[]) => new Ticket(places, this.safe, this.#free);
    return [part(this.places.slice(0, index)), part(this.places.slice(index))];
  }

  /** One more entry has it. */
  share(): this {
    this.#parts++;
    this.#shared = true;
    return this;
  }

  release(): void {
    if (--this.#parts === 0) this.#free(this.places);
  }
}
