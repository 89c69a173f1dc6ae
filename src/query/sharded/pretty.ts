const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 10;
const encoder = new TextEncoder();

/** Prints compact JSON, of which pieces come one after the other, as Go's MarshalIndent does with four spaces. */
export class Prettier {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** A bracket was opened and nothing stands in it yet. */
  #empty = false;

  push(piece: Uint8Array): Uint8Array {
    let out = new Uint8Array(piece.byteLength * 4 + 64);
    let length = 0;
    const put = (bytes: Uint8Array | readonly number[]) => {
      if (length + bytes.length > out.byteLength) {
        const larger = new Uint8Array(2 * (length + bytes.length));
        larger.set(out.subarray(0, length));
        out = larger;
      }
      out.set(bytes, length);
      length += bytes.length;
    };
    for (const byte of piece) {
      if (this.#inString) {
        put([byte]);
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      const char = String.fromCharCode(byte);
      if (byte === NEWLINE) {
        put([byte]);
        continue;
      }
      if (char === "]" || char === "}") {
        this.#depth--;
        if (!this.#empty) put(indent(this.#depth));
        this.#empty = false;
        put([byte]);
        continue;
      }
      if (this.#empty) put(indent(this.#depth));
      this.#empty = false;
      put([byte]);
      if (byte === QUOTE) this.#inString = true;
      else if (char === "[" || char === "{") {
        this.#depth++;
        this.#empty = true;
      } else if (char === ",") put(indent(this.#depth));
      else if (char === ":") put([0x20]);
    }
    return out.subarray(0, length);
  }
}

const indents: Uint8Array[] = [];

function indent(depth: number): Uint8Array {
  indents[depth] ??= encoder.encode(`\n${"    ".repeat(depth)}`);
  return indents[depth];
}
