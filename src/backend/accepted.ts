import type { Write } from "../writer.ts";

/** Counts writes that a backend was given. */
export class Accepted {
  #writes = 0;
  #lines = 0;
  #bytes = 0;

  add({ lines = 0, body }: Write): void {
    this.#writes++;
    this.#lines += lines;
    this.#bytes += body.byteLength;
  }

  read(): { readonly writes: number; readonly lines: number; readonly bytes: number } {
    return { writes: this.#writes, lines: this.#lines, bytes: this.#bytes };
  }
}
