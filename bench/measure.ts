import { DATABASE } from "./backends.ts";
import type { Contender } from "./contenders.ts";
import type { LoadGenerator } from "./helpers.ts";
import type { CaseName, Options } from "./options.ts";
import { peakMemoryBytes } from "./processes.ts";

interface Shape {
  readonly title: string;
  readonly connections: number;
  readonly linesPerWrite: number;
}

export const SHAPES: Readonly<Record<CaseName, Shape>> = {
  "single-1": { title: "single points, 1 connection", connections: 1, linesPerWrite: 1 },
  "single-64": { title: "single points, 64 connections", connections: 64, linesPerWrite: 1 },
  "batch-8": { title: "5,000 lines a write, 8 connections", connections: 8, linesPerWrite: 5_000 },
  hung: { title: "single points, 64 connections, a backend hangs", connections: 64, linesPerWrite: 1 },
};

/** One contender in one round. What this machine cannot tell is undefined. */
export interface Round {
  readonly writesPerSecond: number;
  readonly linesPerSecond: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly cpuUsPerWrite: number | undefined;
  /** Writes per second, compared with the first contender of the same round. */
  readonly ratio: number;
  readonly failed: number;
}

/** One contender: the medians over its rounds, and the rounds. */
export interface Row extends Round {
  readonly name: string;
  readonly peakMemoryMb: number | undefined;
  readonly firstFailure: string | undefined;
  readonly rounds: readonly Round[];
}

const WARM_UP_SHARE = 0.25;
const MB = 1_000_000;
let run = 0;

/** Measures all contenders by turns, so that what else the machine does hits all of them. */
export async function measure(
  name: CaseName,
  contenders: readonly Contender[],
  load: LoadGenerator,
  { rounds, seconds }: Options,
): Promise<Row[]> {
  const done = contenders.map((): Round[] => []);
  const failures: (string | undefined)[] = [];
  for (let round = 0; round < rounds; round++) {
    let first: number | undefined;
    for (const [i, { server }] of contenders.entries()) {
      const { connections, linesPerWrite } = SHAPES[name];
      const result = await load.run({
        host: server.host,
        port: server.port,
        path: `/write?db=${DATABASE}`,
        connections,
        linesPerWrite,
        warmUpMs: seconds * 1_000 * WARM_UP_SHARE,
        countedMs: seconds * 1_000,
        run: run++,
        pid: server.pid,
      });
      const writesPerSecond = (result.writes * 1_000) / result.countedMs;
      first ??= writesPerSecond;
      failures[i] ??= result.firstFailure;
      done[i]?.push({
        writesPerSecond,
        linesPerSecond: writesPerSecond * linesPerWrite,
        p50Ms: result.p50Ms,
        p99Ms: result.p99Ms,
        cpuUsPerWrite:
          result.cpuMs === undefined || result.writes === 0
            ? undefined
            : (result.cpuMs * 1_000) / result.writes,
        ratio: writesPerSecond / first,
        failed: result.failed,
      });
    }
  }
  return contenders.map(({ name: label, server }, i) => toRow(label, server.pid, done[i] ?? [], failures[i]));
}

function toRow(
  name: string,
  pid: number | undefined,
  rounds: readonly Round[],
  firstFailure: string | undefined,
): Row {
  const of = (figure: (round: Round) => number | undefined) => median(rounds.map(figure));
  const peak = pid === undefined ? undefined : peakMemoryBytes(pid);
  return {
    name,
    writesPerSecond: of((round) => round.writesPerSecond) ?? Number.NaN,
    linesPerSecond: of((round) => round.linesPerSecond) ?? Number.NaN,
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuUsPerWrite: of((round) => round.cpuUsPerWrite),
    ratio: of((round) => round.ratio) ?? Number.NaN,
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
    peakMemoryMb: peak === undefined ? undefined : peak / MB,
    firstFailure,
    rounds,
  };
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
