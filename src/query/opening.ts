import type { RunningAnswer } from "../backend/query-client.ts";
import { GunzipError } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { joinBytes } from "../write/join-bytes.ts";

type Gunzip = Platform["gunzip"];

/** Of an answer, so much is looked at before it is passed on, in bytes: an error of InfluxDB is shorter, also inflated. */
const MAX_LOOK = 4_096;
/** The same of what comes out of a gzip stream. */
const MAX_INFLATED = 64 * 1024;
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
export async function readOpening(answer: RunningAnswer, gunzip: Gunzip): Promise<Opening> {
  const first = await answer.read();
  if (first === undefined) return { text: "", answer: replay(answer, [], true) };
  const isGzip = first[0] === 0x1f && (first.byteLength === 1 || first[1] === 0x8b);
  if (!isGzip) return { text: binary(first), answer: replay(answer, [first]) };
  return openPacked(answer, first, gunzip);
}

async function openPacked(answer: RunningAnswer, first: Uint8Array, gunzip: Gunzip): Promise<Opening> {
  const pieces = [first];
  let bytes = first.byteLength;
  while (bytes <= GZIP_HEADER) {
    const piece = await answer.read();
    if (piece === undefined) return { text: "", answer: replay(answer, pieces, true) };
    pieces.push(piece);
    bytes += piece.byteLength;
  }
  if (bytes > MAX_LOOK) return { text: "", answer: replay(answer, pieces) };
  return { text: await inflated(pieces, gunzip), answer: replay(answer, pieces) };
}

/**
 * The text of a gzip stream that came at once, as InfluxDB sends a short answer; of the beginning of one none: what is
 * streamed must not wait for its end.
 */
async function inflated(pieces: readonly Uint8Array[], gunzip: Gunzip): Promise<string> {
  try {
    return binary(await gunzip(joinBytes(pieces), MAX_INFLATED));
  } catch (error) {
    if (error instanceof GunzipError) return "";
    throw error;
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
    if (piece === undefined) return { ended: true, answer: replay(answer, pieces, true) };
    pieces.push(piece);
    bytes += piece.byteLength;
  }
  return { ended: false, answer: replay(answer, pieces) };
}

/** The answer with what was read of it put back in front. */
function replay(answer: RunningAnswer, pieces: Uint8Array[], ended = false): RunningAnswer {
  return {
    head: answer.head,
    read() {
      const piece = pieces.shift();
      return piece === undefined && !ended ? answer.read() : Promise.resolve(piece);
    },
    cancel: () => answer.cancel(),
  };
}

function binary(bytes: Uint8Array): string {
  // Not spread: that goes through an iterator, and took an eighth of what a query costs.
  return Reflect.apply(String.fromCharCode, undefined, bytes.subarray(0, MAX_LOOK));
}
