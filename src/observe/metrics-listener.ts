import { type Metric, metricsOf, named } from "./metric.ts";

const listener = metricsOf(["listener"], ({ listeners }) => named(listeners));
const shard = metricsOf(["listener", "shard"], ({ listeners }) =>
  listeners.flatMap(({ name, sharding }) =>
    (sharding?.shards ?? []).map((each) => [[name, each.name], each] as const),
  ),
);
const udp = metricsOf(["listener"], (figures) => named(figures.udp));
const output = metricsOf(["listener", "output"], (figures) =>
  figures.udp.flatMap(({ name, datagrams }) =>
    (datagrams.outputs ?? []).map((each) => [[name, each.name], each] as const),
  ),
);

export const LISTENER_METRICS: readonly Metric[] = [
  listener.counters("writes", "outcome", "Writes by what their clients were told.", ({ writes }) => writes),
  listener.counter(
    "write_lines",
    "Lines of writes that are points, or were meant to be.",
    ({ counters }) => counters.writeLines,
  ),
  listener.counter(
    "write_bytes",
    "Bytes of line protocol that were taken in, after inflating.",
    ({ counters }) => counters.writeBytes,
  ),
  listener.histogram(
    "write_duration_seconds",
    "How long the clients of writes waited for their answer.",
    ({ writeSeconds }) => writeSeconds,
  ),
  listener.counters(
    "refused_requests",
    "reason",
    "Requests of which nothing was done: without the right credentials, with too large a body, or with one that did not come.",
    ({ counters: { unauthorized, tooLarge, aborted } }) => ({
      unauthorized,
      "too-large": tooLarge,
      aborted,
    }),
  ),
  listener.counter(
    "refused_connections",
    "Connections refused because there were max-connections already.",
    ({ counters }) => counters.refusedConnections,
  ),
  listener.counter(
    "internal_errors",
    "Requests answered with 500 because the relay itself failed.",
    ({ counters }) => counters.internalErrors,
  ),
];

export const QUERY_METRICS: readonly Metric[] = [
  listener.counter(
    "query_requests",
    "Requests with queries, whatever became of them.",
    ({ queries }) => queries.requests,
  ),
  listener.counters(
    "query_reads",
    "outcome",
    "Reads of one replica set: answered by a replica, without a usable answer, without a free replica, or given up by the client.",
    ({ queries: { answered, failed, busy, abandoned } }) => ({ answered, failed, busy, abandoned }),
  ),
  listener.counter(
    "query_refusals",
    "Queries refused by the listener: not InfluxQL, not allowed, or not to be answered from several shards.",
    ({ queries }) => queries.refused,
  ),
  listener.counter(
    "query_changes",
    "Statements that changed something on the replicas.",
    ({ queries }) => queries.changes,
  ),
  listener.counter(
    "query_failovers",
    "Times that another replica was asked because one gave no usable answer.",
    ({ queries }) => queries.failovers,
  ),
  listener.counter(
    "query_stale_answers",
    "Answers of replicas that were not in sync.",
    ({ queries }) => queries.stale,
  ),
  listener.counter(
    "query_unsynced",
    "Queries for which no replica had answered every write within sync-wait.",
    ({ queries }) => queries.unsynced,
  ),
  listener.counter(
    "query_broken_answers",
    "Answers that broke off after they had begun.",
    ({ queries }) => queries.brokenOff,
  ),
  listener.histogram(
    "query_duration_seconds",
    "How long it took until the answer to a query began.",
    ({ querySeconds }) => querySeconds,
  ),
  listener.counters(
    "sharded_statements",
    "plan",
    "Statements on listeners with shards, by how they are answered.",
    ({ sharding }) => sharding?.plans,
  ),
];

export const SHARD_METRICS: readonly Metric[] = [
  shard.counter("shard_writes", "Writes, or parts of them, that a shard got.", ({ writes }) => writes),
  shard.counter("shard_lines", "Lines that a shard got.", ({ lines }) => lines),
  shard.counter("shard_bytes", "Bytes of line protocol that a shard got.", ({ bytes }) => bytes),
  shard.gauge("shard_weight", "How much of the keys a shard has, beside the others.", ({ weight }) => weight),
];

export const UDP_METRICS: readonly Metric[] = [
  udp.counter("udp_datagrams", "Datagrams received.", ({ datagrams }) => datagrams.received),
  udp.counter(
    "udp_forwarded_datagrams",
    "Datagrams whose batch was answered, or that were given to the outputs.",
    ({ datagrams }) => datagrams.forwarded,
  ),
  udp.counter("udp_lines", "Lines taken in.", ({ datagrams }) => datagrams.lines),
  udp.counters(
    "udp_dropped_datagrams",
    "reason",
    "Datagrams that the relay dropped.",
    ({ datagrams }) => datagrams.dropped,
  ),
  udp.counter(
    "udp_kernel_dropped_datagrams",
    "Datagrams that the kernel dropped before the relay saw them, where it tells.",
    ({ kernelDrops }) => kernelDrops,
  ),
  udp.gauge(
    "udp_waiting_datagrams",
    "Datagrams that are being collected or whose batch has no answer yet.",
    ({ datagrams }) => datagrams.waiting,
  ),
  udp.gauge("udp_waiting_bytes", "Bytes of these.", ({ datagrams }) => datagrams.waitingBytes),
  udp.counters(
    "udp_batches",
    "outcome",
    "Batches that were written over HTTP.",
    ({ datagrams }) => datagrams.batches,
  ),
  output.counters(
    "udp_output_datagrams",
    "result",
    "Datagrams to an output: taken by the kernel, refused by it, or dropped because too many waited.",
    ({ sent, failed, queueFull }) => ({ sent, failed, "queue-full": queueFull }),
  ),
  output.counter(
    "udp_output_too_long_lines",
    "Lines dropped because each alone is longer than the output's mtu.",
    ({ tooLong }) => tooLong,
  ),
];
