import { joinBytes } from "./join-bytes.ts";
import { isPointLine, LF } from "./line-bytes.ts";
import { scanLine } from "./line-scan.ts";
import { LineError } from "./point-key.ts";
import { pointText, scanPoint } from "./point-scan.ts";

/** Errors that are told; of more there may be thousands. */
const MAX_TOLD = 10;

export interface Readable {
  /** The lines that InfluxDB takes for points. */
  readonly body: Uint8Array;
  /** Why not the others, in InfluxDB's words; the first few. */
  readonly errors: readonly string[];
}

const NEWLINE = Uint8Array.of(LF);
const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Parts the lines of a body that InfluxDB 1.6 takes from those that it does not. */
export function readableLines(body: Uint8Array, precision: string): Readable {
  const kept: Uint8Array[] = [];
  const errors: string[] = [];
  for (let start = 0, end = 0; start < body.length; start = end + 1) {
    end = scanLine(body, start);
    if (!isPointLine(body, start, end)) continue;
    const error = errorIn(pointText(body, start, end), precision);
    if (error !== undefined) {
      if (errors.length < MAX_TOLD) errors.push(error);
      continue;
    }
    if (kept.length > 0) kept.push(NEWLINE);
    kept.push(body.subarray(start, end));
  }
  return { body: joinBytes(kept), errors };
}

function errorIn(line: Uint8Array, precision: string): string | undefined {
  try {
    scanPoint(line, precision);
    return undefined;
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    return `unable to parse '${utf8.decode(line)}': ${error.message}`;
  }
}
