const encoder = new TextEncoder();
const SIZE = 96 * 1024;

/** Collects bytes into pieces for an answer. */
export class ByteSink {
  /** Of the piece that is being filled. */
  length = 0;
  #bytes = new Uint8Array(SIZE);

  text(text: string): void {
    const needed = text.length * 3;
    this.#reserve(needed);
    this.length += encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = byte;
  }

  bytes(from: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size);
    if (size > 256) {
      this.#bytes.set(from.subarray(start, end), this.length);
      this.length += size;
      return;
    }
    // Faster than a view of so few bytes.
    const bytes = this.#bytes;
    let to = this.length;
    for (let at = start; at < end; at++) bytes[to++] = from[at] as number;
    this.length = to;
  }

  /** The piece so far. What is added goes into the next one. */
  take(): Uint8Array {
    const piece = this.#bytes.subarray(0, this.length);
    this.#bytes = new Uint8Array(SIZE);
    this.length = 0;
    return piece;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + more));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }
}
