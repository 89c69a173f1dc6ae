/** Digits of a time that count the writes of a run, and the lines of a write. */
const WRITE_DIGITS = 7;
const LINE_DIGITS = 4;
const TIME_DIGITS = 19;
/** November 2023; each run gets the next 100 seconds, so that no two runs write the same point. */
const FIRST_RUN = 17_000_000;
const HOSTS = 100;
const ZERO = 0x30;

/** A POST with line protocol, ready to be sent. Its bytes are reused: only the times in it change. */
export interface WriteRequest {
  readonly bytes: Buffer;
  /** Gives every line a time of its own. `write` counts the writes of a run, below 10 million. */
  renew(write: number): void;
}

/** `path` is with its query. `host` is where the series of the lines begin, so that connections write to different ones. */
export function createRequest(path: string, run: number, lines: number, host: number): WriteRequest {
  if (lines > 10 ** LINE_DIGITS) throw new RangeError(`at most ${10 ** LINE_DIGITS} lines`);
  const body = Array.from({ length: lines }, (_, line) => {
    const time = `${FIRST_RUN + run}${"0".repeat(WRITE_DIGITS)}${String(line).padStart(LINE_DIGITS, "0")}`;
    const name = `h${String((host + line) % HOSTS).padStart(2, "0")}`;
    return `cpu,host=${name},region=eu usage_user=12.5,usage_system=3i ${time}\n`;
  });
  const text = body.join("");
  const head = `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n`;
  const bytes = Buffer.from(head + text, "latin1");
  const lineLength = text.length / lines;
  const first = head.length + lineLength - 1 - TIME_DIGITS + String(FIRST_RUN).length;
  const digits = Buffer.alloc(WRITE_DIGITS);

  function renew(write: number): void {
    for (let at = WRITE_DIGITS - 1, rest = write; at >= 0; at--, rest = Math.floor(rest / 10)) {
      digits[at] = ZERO + (rest % 10);
    }
    for (let at = first; at < bytes.length; at += lineLength) bytes.set(digits, at);
  }

  return { bytes, renew };
}
