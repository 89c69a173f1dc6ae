import type { BackendFigures, LogFigures } from "../observe/figures.ts";
import type { BackendSpool, SpoolLog } from "../spool/log.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Handoff } from "./handoff.ts";
import type { Lanes } from "./lanes.ts";
import type { Results } from "./results.ts";

/** The backend whose figures are told. */
export interface MeasuredBackend {
  readonly name: string;
  readonly up: boolean;
  readonly drained: boolean;
  readonly handoff: Handoff;
  readonly deadLetters: DeadLetters | undefined;
  readonly queries: { readonly running: number; readonly asked: number };
  readonly storage: BackendSpool | undefined;
  isInSync(): boolean;
  staleMs(): number;
}

/** @param lanes all that it has. */
export function backendFigures(
  backend: MeasuredBackend,
  lanes: readonly Lanes[],
  results: Results,
): BackendFigures {
  const { name, up, drained, handoff, deadLetters, queries } = backend;
  const depths = lanes.map(({ depth }) => depth);
  return {
    name,
    accepted: results.accepted.read(),
    requests: { ...results.requests },
    requestSeconds: results.seconds.read(),
    lostFor: { ...handoff.lostFor },
    counters: { ...handoff.counters },
    order: {
      ...{ up, drained },
      inSync: backend.isInSync(),
      staleSeconds: backend.staleMs() / 1_000,
      counters: { ...handoff.counters },
      retries: results.retries,
      joined: results.joined.read(),
      requestBytes: results.bytes.read(),
      lanes: sumOf(lanes, ({ count }) => count),
      waiting: {
        writes: sumOf(depths, ({ writes }) => writes),
        deepest: Math.max(...depths.map(({ deepest }) => deepest)),
      },
      queries: { running: queries.running, asked: queries.asked },
      logs: logsOf(backend, lanes),
      ranges: { lost: handoff.lost.list().length, suspect: handoff.suspect.list().length },
      deadLetters: deadLetters && { ...deadLetters.counters },
    },
  };
}

function logsOf({ storage, deadLetters }: MeasuredBackend, lanes: readonly Lanes[]): LogFigures[] {
  const logs = (["main", "hold"] as const).map((name): LogFigures => {
    const parts = lanes.map((side) => side.part(name));
    const ages = parts.flatMap(({ oldestMs }) => oldestMs ?? []);
    return {
      name,
      records: sumOf(parts, ({ records }) => records),
      bytes: sumOf(parts, ({ log }) => log.bytes),
      oldestSeconds: ages.length === 0 ? undefined : Math.max(...ages) / 1_000,
      files: filesOf(storage?.[name]),
    };
  });
  if (storage === undefined || deadLetters === undefined) return logs;
  const { records, bytes } = deadLetters;
  return [...logs, { name: "dead", records, bytes, oldestSeconds: undefined, files: filesOf(storage.dead) }];
}

function filesOf(log: SpoolLog | undefined): LogFigures["files"] {
  return log?.counters && { ...log.counters, syncSeconds: log.counters.syncSeconds.read() };
}

function sumOf<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.reduce((sum, item) => sum + figure(item), 0);
}
