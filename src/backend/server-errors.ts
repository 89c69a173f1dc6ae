/**
 * Errors that InfluxDB sends with status 200 although they are about the server and not about the statement. Sources,
 * 1.6 to 1.8: `tsdb/store.go`, `tsdb/shard.go` (a store or shard that is closed, just opened, restored or deleted:
 * `engine is closed` was measured right after a restore, and while another database is dropped), `tsdb/index/*` and
 * `tsdb/series_file.go` (the same of an index), `query/executor.go` (a server that stops; too many queries at once:
 * measured on 1.6.7).
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
const BEGINNINGS = ["max-concurrent-queries limit exceeded", "engine: cache-max-memory-size exceeded"];
/** What the system says of a server's disk or of its limits, at the end of a message that begins with a path. */
const ENDS = [
  ": input/output error",
  ": too many open files",
  ": cannot allocate memory",
  ": stale NFS file handle",
];
/** What one time shard says is told with its number before it. */
const SHARD = /^shard \d+: /;

/** Another replica may do better, and this one later: what a statement's error says about the server that sent it. */
export function isAboutServer(error: string): boolean {
  const text = error.replace(SHARD, "");
  return (
    WHOLE.has(text) ||
    BEGINNINGS.some((beginning) => text.startsWith(beginning)) ||
    ENDS.some((end) => text.endsWith(end))
  );
}
