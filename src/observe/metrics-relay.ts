import { type Metric, metricsOf, named, PREFIX } from "./metric.ts";

const relay = metricsOf([], (figures) => [[[], figures]]);
const recovered = metricsOf(["backend"], ({ recovery }) => named(recovery?.backends ?? []));
const STATES = ["idle", "waiting", "repairing", "comparing"] as const;

export const RELAY_METRICS: readonly Metric[] = [
  {
    name: `${PREFIX}build`,
    type: "info",
    help: "What runs.",
    labels: ["version", "runtime", "runtime_version"],
    read: ({ build: { version, runtime, runtimeVersion } }) => [
      { labels: [version, runtime, runtimeVersion], value: 1 },
    ],
  },
  relay.gauge("waiting_bytes", "Bytes of writes whose clients wait.", ({ waiting }) => waiting?.bytes),
  relay.counter(
    "crowded_writes",
    "Writes refused because too many bytes waited for an answer.",
    ({ waiting }) => waiting?.refused,
  ),
  relay.gauge(
    "removed_backends",
    "Backends that left the config while they still lacked something.",
    ({ removed }) => removed?.backends,
  ),
  relay.gauge("removed_records", "Writes that these lack.", ({ removed }) => removed?.records),
  relay.gauge("removed_bytes", "Bytes of these writes.", ({ removed }) => removed?.bytes),
  relay.gauge(
    "field_type_conflicts",
    "Fields that replicas store with different types.",
    ({ fieldTypeConflicts }) => fieldTypeConflicts,
  ),
];

export const RECOVERY_METRICS: readonly Metric[] = [
  {
    name: `${PREFIX}recovery_state`,
    type: "gauge",
    help: "1 for what the relay does by itself about a backend, 0 for the other states.",
    labels: ["backend", "state"],
    read: ({ recovery }) =>
      (recovery?.backends ?? []).flatMap(({ name, state }) =>
        STATES.map((each) => ({ labels: [name, each], value: Number(each === state) })),
      ),
  },
  recovered.gauge(
    "recovery_alarms",
    "Differences of which a person has to say what is right.",
    ({ alarms }) => alarms,
  ),
  recovered.counters("recoveries", "result", "Recoveries by themselves that ended.", ({ ended }) => ended),
  recovered.counter("recovery_points", "Points that these copied.", ({ points }) => points),
  recovered.gauge(
    "recovery_progress_ratio",
    "The part of the running one that is done, of measurements and windows of time.",
    ({ progress }) => progress && (progress.total === 0 ? 0 : progress.done / progress.total),
  ),
  recovered.gauge(
    "recovery_running_points",
    "Points that the running one has copied.",
    ({ progress }) => progress?.points,
  ),
  recovered.gauge(
    "recovery_running_points_expected",
    "Points that it is to copy, as far as that is known.",
    ({ progress }) => progress?.pointsToCopy,
  ),
  recovered.gauge(
    "recovery_remaining_seconds",
    "How long the running one still takes, as far as that is known.",
    ({ progress }) => progress?.leftSeconds,
  ),
  relay.gauge(
    "check_findings",
    "Places where the last scheduled check found replicas with different numbers of points.",
    ({ recovery }) => recovery?.check.findings,
  ),
  relay.gauge(
    "check_skipped_pairs",
    "Pairs of servers that it could not compare.",
    ({ recovery }) => recovery?.check.skipped,
  ),
  relay.gauge(
    "check_end_timestamp_seconds",
    "When it ended, in seconds since 1970.",
    ({ recovery }) => recovery?.check.endedAtSeconds,
  ),
];

/** Under the names that every program has for them. */
export const PROCESS_METRICS: readonly Metric[] = [
  relay.counter(
    "process_cpu_seconds",
    "Time of processors that the process took, in user and system mode.",
    ({ process }) => process?.cpuSeconds,
  ),
  relay.gauge(
    "process_resident_memory_bytes",
    "Memory of the process that is not swapped out.",
    ({ process }) => process?.residentBytes,
  ),
  relay.gauge(
    "process_start_time_seconds",
    "When the process started, in seconds since 1970.",
    ({ process }) => process?.startedAtSeconds,
  ),
  relay.gauge("process_open_fds", "Open files and sockets.", ({ process }) => process?.openFds),
  relay.gauge("process_max_fds", "How many may be open.", ({ process }) => process?.maxFds),
].map((metric) => ({ ...metric, name: metric.name.slice(PREFIX.length) }));
