import type { RunningAnswer } from "../backend/query-client.ts";

/** Of an answer, so much is looked at before it is passed on, in bytes: an error of InfluxDB is shorter, also inflated. */
const MAX_LOOK = 4_096;
/** A gzip stream that is no longer says nothing yet: InfluxDB sends its header before it runs the query. */
const GZIP_HEADER = 32;

/** The beginning of an answer. */
export interface Opening {
  /** Inflated, each character one byte; empty if it is too long to be an error. */
  readonly text: string;
  /** The whole answer, from its first byte. */
  readonly answer: RunningAnswer;
}

/**
 * Reads an answer until it says something.
 * @throws {TransportError} when it breaks off before that.
 */
export async function readOpening(answer: RunningAnswer): Promise<Opening> {
  const first = await answer.read();
  if (first === undefined) return { text: "", answer: replay(answer, [], ENDED) };
  const isGzip = first[0] === 0x1f && (first.byteLength === 1 || first[1] === 0x8b);
  if (!isGzip) return { text: binary(first), answer: replay(answer, [first]) };
  return openPacked(answer, first);
}

async function openPacked(answer: RunningAnswer, first: Uint8Array): Promise<Opening> {
  const pieces = [first];
  let bytes = first.byteLength;
  while (bytes <= GZIP_HEADER) {
    const piece = await answer.read();
    if (piece === undefined) return { text: "", answer: replay(answer, pieces, ENDED) };
    pieces.push(piece);
    bytes += piece.byteLength;
  }
  if (bytes > MAX_LOOK) return { text: "", answer: replay(answer, pieces) };
  const inflater = new Inflater(pieces);
  try {
    for (;;) {
      const next = answer.read();
      const text = await Promise.race([inflater.text, next.then(() => undefined, nothing)]);
      if (text !== undefined) return { text, answer: replay(answer, pieces, next) };
      const piece = await next;
      if (piece === undefined) return { text: await inflater.end(), answer: replay(answer, pieces, next) };
      pieces.push(piece);
      bytes += piece.byteLength;
      if (bytes > MAX_LOOK) return { text: "", answer: replay(answer, pieces) };
      inflater.push(piece);
    }
  } finally {
    inflater.close();
  }
}

/**
 * Reads an answer to its end, or until it is longer than so many bytes.
 * @throws {TransportError} when it breaks off before that.
 */
export async function hold(
  answer: RunningAnswer,
  maxBytes: number,
): Promise<{ readonly ended: boolean; readonly answer: RunningAnswer }> {
  const pieces: Uint8Array[] = [];
  for (let bytes = 0; bytes <= maxBytes; ) {
    const piece = await answer.read();
    if (piece === undefined) return { ended: true, answer: replay(answer, pieces, ENDED) };
    pieces.push(piece);
    bytes += piece.byteLength;
  }
  return { ended: false, answer: replay(answer, pieces) };
}

const ENDED = Promise.resolve(undefined);
const nothing = () => "";

/** Inflates the beginning of a gzip stream. */
class Inflater {
  /** What comes out first; empty if the data is damaged. */
  readonly text: Promise<string>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(pieces: readonly Uint8Array[]) {
    const { readable, writable } = new DecompressionStream("gzip");
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.text = this.#reader.read().then(({ value }) => (value === undefined ? "" : binary(value)), nothing);
    for (const piece of pieces) this.push(piece);
  }

  push(piece: Uint8Array): void {
    this.#writer.write(piece as Uint8Array<ArrayBuffer>).catch(nothing);
  }

  /** No more will come. */
  end(): Promise<string> {
    this.#writer.close().catch(nothing);
    return this.text;
  }

  close(): void {
    this.#reader.cancel().catch(nothing);
    this.#writer.abort().catch(nothing);
  }
}

/** The answer with pieces, and a read that has begun, put back in front. */
function replay(
  answer: RunningAnswer,
  pieces: Uint8Array[],
  begun?: Promise<Uint8Array | undefined>,
): RunningAnswer {
  let next = begun;
  // It fails for whoever reads it.
  next?.catch(nothing);
  return {
    head: answer.head,
    read() {
      const piece = pieces.shift();
      if (piece !== undefined) return Promise.resolve(piece);
      const reading = next ?? answer.read();
      next = undefined;
      return reading;
    },
    cancel: () => answer.cancel(),
  };
}

function binary(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, MAX_LOOK));
}
