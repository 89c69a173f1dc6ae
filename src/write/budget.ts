/** How many bytes of bodies may wait for answers at a time, over all listeners. */
export class Budget {
  readonly maxBytes: number;
  /** Bytes waiting now. */
  bytes = 0;
  /** Writes that found no room. */
  refused = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** False, and counted, if there is no room; a body that is larger than all of it may wait alone. */
  take(bytes: number): boolean {
    if (this.bytes > 0 && this.bytes + bytes > this.maxBytes) {
      this.refused++;
      return false;
    }
    this.bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.bytes -= bytes;
  }
}
