import { joinBytes } from "./join-bytes.ts";
import { isPlain, lineEnd } from "./line-scan.ts";
import { timeStart, trimNewline } from "./untimed.ts";

const ASCII = new TextDecoder("latin1");
const encoder = new TextEncoder();
const MINUS = 0x2d;

/**
 * The body with every timestamp multiplied, which is exact: for a server that does not know the unit that they are in.
 * What is no number stays as it is, for the server to refuse. Everything else stays byte for byte.
 */
export function rescale(body: Uint8Array, factor: bigint): Uint8Array {
  const pieces: Uint8Array[] = [];
  const plain = isPlain(body);
  let from = 0;
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start, plain);
    const time = timeStart(body, start, trimNewline(body, end));
    const stop = time < 0 ? time : numberEnd(body, time, end);
    if (stop > time) {
      const scaled = BigInt(ASCII.decode(body.subarray(time, stop))) * factor;
      pieces.push(body.subarray(from, time), encoder.encode(String(scaled)));
      from = stop;
    }
    start = end + 1;
  }
  return joinBytes([...pieces, body.subarray(from)]);
}

/** The end of the whole number that begins there; that beginning itself if there is none. */
function numberEnd(body: Uint8Array, start: number, end: number): number {
  const digits = body[start] === MINUS ? start + 1 : start;
  let i = digits;
  while (i < end && (body[i] as number) >= 0x30 && (body[i] as number) <= 0x39) i++;
  return i === digits ? start : i;
}
