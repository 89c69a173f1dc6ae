import { JsonDocument } from "./json-document.ts";
import { type ShardAnswer, StatementError } from "./shard-answer.ts";

const NEWLINE = 10;
/** The longest document that is held, in bytes: a chunk has as many rows as it is asked to have. */
const MAX_DOCUMENT = 64 * 1024 * 1024;

/** The documents of a chunked answer, one a line. */
export class JsonLines {
  readonly #answer: ShardAnswer;
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #ended = false;

  constructor(answer: ShardAnswer) {
    this.#answer = answer;
  }

  /**
   * The next document, whose bytes stay as they are; undefined at the end.
   * @throws StatementError if the statement failed. @throws {TransportError} when the answer breaks off.
   */
  async next(): Promise<JsonDocument | undefined> {
    for (let searched = this.#start; ; ) {
      const newline = this.#bytes.subarray(0, this.#end).indexOf(NEWLINE, searched);
      if (newline >= 0) {
        const start = this.#start;
        this.#start = newline + 1;
        if (newline > start) return new JsonDocument(this.#bytes, start, newline);
        searched = this.#start;
        continue;
      }
      searched = this.#end - this.#start;
      if (!(await this.#read())) {
        if (this.#end === this.#start) return undefined;
        throw new StatementError("a shard's answer broke off");
      }
      searched += this.#start;
    }
  }

  cancel(): void {
    if (!this.#ended) this.#answer.cancel();
  }

  async #read(): Promise<boolean> {
    const piece = this.#ended ? undefined : await this.#answer.read();
    if (piece === undefined) {
      this.#ended = true;
      return false;
    }
    const kept = this.#end - this.#start;
    if (kept > MAX_DOCUMENT)
      throw new StatementError("a shard's answer has rows that are too large to merge");
    if (kept === 0) {
      this.#bytes = piece as Uint8Array<ArrayBuffer>;
      this.#start = 0;
      this.#end = piece.byteLength;
      return true;
    }
    if (this.#end + piece.byteLength > this.#bytes.byteLength) {
      // The old bytes stay, for a document may be among them.
      const larger = new Uint8Array(2 * (kept + piece.byteLength));
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = larger;
      this.#start = 0;
      this.#end = kept;
    }
    this.#bytes.set(piece, this.#end);
    this.#end += piece.byteLength;
    return true;
  }
}
