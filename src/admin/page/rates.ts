import type { BackendFigures, Figures, ListenerFigures, UdpFigures } from "../../observe/figures.ts";
import { countOf, type Distribution } from "../../observe/histogram.ts";

/** Rates are over so many milliseconds at most, and at least over these. */
const WINDOW_MS = 5_500;
const SHORTEST_MS = 500;

/** Seconds that half of the requests, and 99 of 100, did not take longer than; to the bounds of a histogram's buckets. */
export interface Latency {
  readonly half: number;
  readonly most: number;
}

/** Of the last seconds. */
export interface Traffic {
  readonly writes: number;
  readonly lines: number;
  readonly bytes: number;
  readonly latency: Latency | undefined;
}

/** What happens in a second, of the last few. By name. */
export interface Rates {
  readonly listeners: ReadonlyMap<
    string,
    Traffic & { readonly queries: number; readonly queryLatency: Latency | undefined }
  >;
  /** `catchingUp`: by how many the writes that it lacks get fewer. */
  readonly backends: ReadonlyMap<string, Traffic & { readonly queries: number; readonly catchingUp: number }>;
  readonly udp: ReadonlyMap<string, { readonly datagrams: number; readonly lines: number }>;
}

/** Makes rates of figures that are taken one after the other. */
export class RateMeter {
  #taken: readonly Figures[] = [];

  /** Undefined as long as there is nothing to compare with. */
  take(figures: Figures): Rates | undefined {
    const recent = this.#taken.filter(({ atMs }) => figures.atMs - atMs <= WINDOW_MS);
    const base = recent.find(({ atMs }) => figures.atMs - atMs >= SHORTEST_MS);
    this.#taken = [...recent, figures];
    return base && ratesBetween(base, figures);
  }
}

function ratesBetween(before: Figures, now: Figures): Rates {
  const seconds = (now.atMs - before.atMs) / 1_000;
  const grown = (a: number | undefined, b: number) => Math.max(0, b - (a ?? 0)) / seconds;
  return {
    listeners: pairs(before.listeners, now.listeners, (a, b) => ({
      ...{
        writes: grown(a && writesOf(a), writesOf(b)),
        queries: grown(a?.queries.requests, b.queries.requests),
      },
      lines: grown(a?.counters.writeLines, b.counters.writeLines),
      bytes: grown(a?.counters.writeBytes, b.counters.writeBytes),
      latency: latencyOf(a?.writeSeconds, b.writeSeconds),
      queryLatency: latencyOf(a?.querySeconds, b.querySeconds),
    })),
    backends: pairs(before.backends, now.backends, (a, b) => ({
      writes: grown(a?.accepted.writes, b.accepted.writes),
      lines: grown(a?.accepted.lines, b.accepted.lines),
      bytes: grown(a?.accepted.bytes, b.accepted.bytes),
      queries: grown(a?.order?.queries.asked, b.order?.queries.asked ?? 0),
      latency: latencyOf(a?.requestSeconds, b.requestSeconds),
      catchingUp: Math.max(0, lackedOf(a) - lackedOf(b)) / seconds,
    })),
    udp: pairs(before.udp, now.udp, (a, b) => ({
      datagrams: grown(a?.datagrams.received, b.datagrams.received),
      lines: grown(a?.datagrams.lines, b.datagrams.lines),
    })),
  };
}

/** A thing that was not there before counts from nothing; one that began anew since does too, as nobody counts backwards. */
function pairs<T extends ListenerFigures | BackendFigures | UdpFigures, R>(
  before: readonly T[],
  now: readonly T[],
  rate: (a: T | undefined, b: T) => R,
): Map<string, R> {
  const known = new Map(before.map((each) => [each.name, each]));
  return new Map(now.map((each) => [each.name, rate(known.get(each.name), each)]));
}

function writesOf({ writes }: ListenerFigures): number {
  return Object.values(writes).reduce((sum, count) => sum + count, 0);
}

function lackedOf(backend: BackendFigures | undefined): number {
  return backend?.order?.logs.find(({ name }) => name === "main")?.records ?? 0;
}

function latencyOf(before: Distribution | undefined, now: Distribution): Latency | undefined {
  const counts = now.counts.map((count, i) => Math.max(0, count - (before?.counts[i] ?? 0)));
  const total = countOf({ ...now, counts });
  if (total === 0) return undefined;
  return { half: boundOf(now.bounds, counts, total / 2), most: boundOf(now.bounds, counts, total * 0.99) };
}

function boundOf(bounds: readonly number[], counts: readonly number[], wanted: number): number {
  let seen = 0;
  for (const [i, count] of counts.entries()) {
    seen += count;
    if (seen >= wanted) return bounds[i] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
