import type { BackendFigures, OrderFigures } from "./figures.ts";
import { type Labelled, type Metric, metricsOf, named } from "./metric.ts";

const backend = metricsOf(["backend"], ({ backends }) => named(backends));
const order = metricsOf(["backend"], ({ backends }) => withOrder(backends));
const log = metricsOf(["backend", "log"], ({ backends }) =>
  withOrder(backends).flatMap(([[name = ""], { logs }]) =>
    logs.map((each) => [[name, each.name], each] as const),
  ),
);

function withOrder(backends: readonly BackendFigures[]): Labelled<OrderFigures>[] {
  return backends.flatMap((each) => (each.order === undefined ? [] : [[[each.name], each.order] as const]));
}

export const BACKEND_METRICS: readonly Metric[] = [
  backend.counter(
    "backend_writes",
    "Writes that were given a place in the order of a backend.",
    ({ accepted }) => accepted.writes,
  ),
  backend.counter("backend_lines", "Lines of these writes.", ({ accepted }) => accepted.lines),
  backend.counter("backend_bytes", "Bytes of these writes.", ({ accepted }) => accepted.bytes),
  backend.counters(
    "backend_requests",
    "outcome",
    "Requests to a backend by what became of them; each carries one write or several, or a statement.",
    ({ requests }) => requests,
  ),
  backend.histogram(
    "backend_request_duration_seconds",
    "How long requests with writes took.",
    ({ requestSeconds }) => requestSeconds,
  ),
  order.histogram("backend_request_writes", "Writes that one request carried.", ({ joined }) => joined),
  order.histogram(
    "backend_request_size_bytes",
    "Bytes of line protocol that one request carried, before compression.",
    ({ requestBytes }) => requestBytes,
  ),
  order.counter(
    "backend_retries",
    "Requests whose first write had been sent before, or kept.",
    ({ retries }) => retries,
  ),
  order.gauge("backend_up", "1 while a backend answers.", ({ up }) => up),
  order.gauge("backend_in_sync", "1 while a backend should get queries.", ({ inSync }) => inSync),
  order.gauge(
    "backend_drained",
    "1 while somebody keeps a backend out of queries.",
    ({ drained }) => drained,
  ),
  order.gauge(
    "backend_stale_seconds",
    "How long ago a backend was in sync, 0 while it is.",
    ({ staleSeconds }) => staleSeconds,
  ),
  order.gauge("backend_lanes", "Databases and policies with something on the way.", ({ lanes }) => lanes),
  order.gauge(
    "backend_waiting_writes",
    "Writes that a backend has not taken, but for those that are held.",
    ({ waiting }) => waiting.writes,
  ),
  order.gauge(
    "backend_deepest_lane_writes",
    "The same of the database and policy that has most of them.",
    ({ waiting }) => waiting.deepest,
  ),
  order.counter("backend_queries", "Queries that a backend was asked.", ({ queries }) => queries.asked),
  order.gauge(
    "backend_running_queries",
    "Queries whose answer has not ended.",
    ({ queries }) => queries.running,
  ),
  backend.counter(
    "backend_kept_writes",
    "Writes that were kept for a backend that did not take them at once.",
    ({ counters }) => counters.kept,
  ),
  backend.counter(
    "backend_delivered_writes",
    "Writes that were delivered after they had been kept.",
    ({ counters }) => counters.delivered,
  ),
  backend.counters(
    "backend_lost_writes",
    "reason",
    "Writes that a backend will not get, by why they were dropped.",
    ({ lostFor }) => lostFor,
  ),
  backend.counter("backend_lost_bytes", "Bytes of these writes.", ({ counters }) => counters.lostBytes),
  backend.counter(
    "backend_rejected_writes",
    "Writes that a backend rejected and another one stored.",
    ({ counters }) => counters.rejected,
  ),
  backend.counter(
    "backend_expired_writes",
    "Writes that a backend rejected because they are older than its retention policy allows.",
    ({ counters }) => counters.expired,
  ),
  backend.counter(
    "backend_unstorable_writes",
    "Writes that could not be stored for a backend.",
    ({ counters }) => counters.notStored,
  ),
  order.counter(
    "backend_poisoned_writes",
    "Writes that were given up because a backend that takes others answered them with an error for too long.",
    ({ counters }) => counters.poisoned,
  ),
  order.counter("backend_changes", "Statements that a backend executed.", ({ counters }) => counters.changes),
  order.counter(
    "backend_failed_changes",
    "Statements that a backend will not execute although another one did.",
    ({ counters }) => counters.changesFailed,
  ),
  order.gauge(
    "backend_lost_ranges",
    "Ranges of time in which a backend lacks something.",
    ({ ranges }) => ranges.lost,
  ),
  order.gauge(
    "backend_suspect_ranges",
    "Ranges of time in which a backend may differ from its replicas.",
    ({ ranges }) => ranges.suspect,
  ),
];

export const SPOOL_METRICS: readonly Metric[] = [
  log.gauge("spool_records", "Writes that wait, are held, or were given up.", ({ records }) => records),
  log.gauge(
    "spool_bytes",
    "What these take in memory or on the disk, with what is not freed yet.",
    ({ bytes }) => bytes,
  ),
  log.gauge(
    "spool_oldest_age_seconds",
    "How long ago the oldest of these was accepted, in running time of the relay; absent if there is none.",
    ({ oldestSeconds }) => oldestSeconds,
  ),
  log.counter("spool_appended_records", "Records stored in files.", ({ files }) => files?.appended),
  log.counter("spool_appended_bytes", "Bytes of these.", ({ files }) => files?.bytesAppended),
  log.counters("spool_failures", "operation", "Failures of the disk.", ({ files }) => {
    return files && { append: files.failedAppends, write: files.failedWrites, sync: files.failedSyncs };
  }),
  log.histogram(
    "spool_sync_duration_seconds",
    "How long it took to make files durable.",
    ({ files }) => files?.syncSeconds,
  ),
  log.counter(
    "spool_damaged_records",
    "Records that could not be read, as far as that can be told.",
    ({ files }) => files?.damagedRecords,
  ),
  log.counter("spool_damaged_bytes", "Bytes that could not be read.", ({ files }) => files?.damagedBytes),
  order.counter(
    "dead_letters_added",
    "Dead letters that were added.",
    ({ deadLetters }) => deadLetters?.added,
  ),
  order.counter(
    "dead_letters_dropped",
    "Dead letters that were dropped to make room.",
    ({ deadLetters }) => deadLetters?.dropped,
  ),
  order.counter(
    "dead_letters_unstorable",
    "Dead letters that could not be stored.",
    ({ deadLetters }) => deadLetters?.notStored,
  ),
];
