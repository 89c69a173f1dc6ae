/**
 * Errors that InfluxDB sends with status 200 although they are about the server and not about the statement: another
 * replica may answer. Sources, 1.6 to 1.8: `tsdb/store.go`, `tsdb/shard.go` (a store or shard that is closed, just
 * opened, restored or deleted), `tsdb/index/*` and `tsdb/series_file.go` (the same of an index), `query/executor.go`
 * (a server that stops; too many queries at once: measured on 1.6.7). Not among them is `query-timeout limit exceeded`:
 * what is too much for one replica is too much for the others, and would keep each of them busy in turn.
 */
const WHOLE: ReadonlySet<string> = new Set([
  "engine is closed",
  "store is closed",
  "shard is disabled",
  "shard is closed",
  "shard not found",
  "index is closing",
  "series file closed",
  "query engine shutdown",
  "query aborted",
  // The writes of a SELECT INTO that its server's own write-timeout cut off.
  "timeout",
]);
const BEGINNINGS = ["max-concurrent-queries limit exceeded"];
/** What the system says of a server's disk or of its limits, at the end of a message that begins with a path. */
const ENDS = [
  ": input/output error",
  ": too many open files",
  ": cannot allocate memory",
  ": stale NFS file handle",
];
/**
 * With several statements InfluxDB replaces the message of one that failed by this, unless it is the last
 * (measured): it may be any of the above, or the statement's own fault, which every replica then finds.
 */
const HIDDEN = "not executed";

/** What a statement's error says about the server that sent it. */
export function isTransient(error: string): boolean {
  return (
    error === HIDDEN ||
    WHOLE.has(error) ||
    BEGINNINGS.some((text) => error.startsWith(text)) ||
    ENDS.some((text) => error.endsWith(text))
  );
}

/** `"error":"..."` of JSON, also pretty, with the string as it is quoted. */
const JSON_ERROR = /"error": ?("(?:[^"\\]|\\.)*")/g;
/** The same of MessagePack: a fixstr of 5 bytes and the header of a string. Each character is one byte. */
const MSGPACK_ERROR = /\xa5error(?:([\xa0-\xbf])|\xd9(.)|\xda(.)(.))/gs;

/** The errors of statements in the beginning of an answer, in which each character is one byte. */
export function errorsIn(beginning: string): string[] {
  return beginning.charCodeAt(0) < 0x80 ? errorsInJson(beginning) : errorsInMsgpack(beginning);
}

function errorsInJson(text: string): string[] {
  return [...text.matchAll(JSON_ERROR)].flatMap(([, quoted = ""]) => {
    try {
      return [String(JSON.parse(quoted))];
    } catch {
      // Quoted by something that is no JSON encoder: nothing that InfluxDB says.
      return [];
    }
  });
}

function errorsInMsgpack(text: string): string[] {
  return [...text.matchAll(MSGPACK_ERROR)].map((found) => {
    const [whole, short, medium, high, low] = found;
    const length =
      short !== undefined
        ? short.charCodeAt(0) & 0x1f
        : medium !== undefined
          ? medium.charCodeAt(0)
          : ((high as string).charCodeAt(0) << 8) | (low as string).charCodeAt(0);
    const start = found.index + whole.length;
    return text.slice(start, start + length);
  });
}
