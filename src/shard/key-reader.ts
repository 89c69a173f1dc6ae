import type { ShardKeyPart } from "../config/config.ts";
import { BACKSLASH, COMMA, EQUALS, NUL, QUOTE, SPACE, skipBlanks } from "../write/line-bytes.ts";
import { MAX_KEY_LENGTH } from "../write/point-key.ts";

const encoder = new TextEncoder();

/**
 * Reads the keys of lines. Reads no more of a line than it must: InfluxDB may still refuse one that has a key, and what
 * key a line gets that InfluxDB refuses because of its measurement or tags is not said, only that it is always the same.
 */
export class KeyReader {
  /** The values of the key, with a NUL between, in the first bytes. */
  bytes = new Uint8Array(1024);
  readonly #parts: readonly Part[];
  #dbName = "";
  #db: Uint8Array = new Uint8Array(0);

  constructor(by: readonly ShardKeyPart[]) {
    this.#parts = by.map((part) =>
      part.kind === "tag" ? { kind: "tag", escaped: encoder.encode(`${escapeTag(part.name)}=`) } : part,
    );
  }

  /** The database of the lines that come. */
  begin(db: string): void {
    if (db === this.#dbName) return;
    this.#dbName = db;
    this.#db = encoder.encode(db);
  }

  /** Reads the key of the line in `[start, end)` of `body` and returns its length. */
  read(body: Uint8Array, start: number, end: number): number {
    const key = skipBlanks(body, start, end);
    const parts = this.#parts;
    let length = this.#readPart(parts[0] as Part, body, key, end, 0);
    for (let i = 1; i < parts.length; i++) {
      this.#reserve(length, 1);
      this.bytes[length] = NUL;
      length = this.#readPart(parts[i] as Part, body, key, end, length + 1);
    }
    return length;
  }

  /** Appends a value to the first `length` bytes, and returns how many there are then. */
  #readPart(part: Part, body: Uint8Array, start: number, end: number, length: number): number {
    if (part.kind === "tag") {
      const value = tagValue(body, start, end, part.escaped);
      return value < 0 ? length : this.#unescape(body, value, wordEnd(body, value, end), false, length);
    }
    if (part.kind === "measurement") {
      return this.#unescape(body, start, wordEnd(body, start, end), true, length);
    }
    this.#reserve(length, this.#db.length);
    this.bytes.set(this.#db, length);
    return length + this.#db.length;
  }

  /** Appends a measurement or a tag's value. A backslash before any other byte is one of it. */
  #unescape(body: Uint8Array, start: number, end: number, measurement: boolean, length: number): number {
    // InfluxDB refuses it, and nobody needs the memory.
    if (end - start > MAX_KEY_LENGTH) return length;
    this.#reserve(length, end - start);
    const { bytes } = this;
    let to = length;
    for (let i = start; i < end; i++) {
      let byte = body[i] as number;
      if (byte === BACKSLASH && i + 1 < end && isEscapable(body[i + 1] as number, measurement)) {
        i++;
        byte = body[i] as number;
      }
      bytes[to++] = byte;
    }
    return to;
  }

  #reserve(length: number, more: number): void {
    if (length + more <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (length + more));
    larger.set(this.bytes.subarray(0, length));
    this.bytes = larger;
  }
}

type Part =
  | { readonly kind: "db" | "measurement" }
  | {
      readonly kind: "tag";
      /** Its name as it stands in a line, and the `=` behind it. There is only one way to escape a name. */
      readonly escaped: Uint8Array;
    };

const isEscapable = (byte: number, measurement: boolean): boolean =>
  byte === COMMA || byte === EQUALS || byte === SPACE || (measurement && byte === QUOTE);

const escapeTag = (name: string): string => name.replace(/[,= ]/g, "\\$&");

/** The comma or space that ends a measurement or a tag, else `end`. The first byte cannot. */
function wordEnd(body: Uint8Array, start: number, end: number): number {
  for (let i = start + 1; i < end; i++) {
    const byte = body[i] as number;
    // Nearly every byte is above both.
    if (byte <= COMMA && (byte === COMMA || byte === SPACE) && body[i - 1] !== BACKSLASH) return i;
  }
  return end;
}

/** Where the value of a tag begins, of the tags of the line in `[start, end)`; -1 if it has none of that name. */
function tagValue(body: Uint8Array, start: number, end: number, escaped: Uint8Array): number {
  const { length } = escaped;
  let at = wordEnd(body, start, end);
  while (at < end && body[at] === COMMA) {
    const tag = at + 1;
    let same = 0;
    while (same < length && body[tag + same] === escaped[same]) same++;
    if (same === length) return tag + same;
    at = wordEnd(body, tag, end);
  }
  return -1;
}
