import { type Diff, diffRows } from "./diff.ts";
import { differingSlices, type Slice } from "./sums.ts";
import type { Pair, Unit } from "./unit.ts";
import type { Span } from "./windows.ts";

/**
 * The parts of a unit that differ, cheapest way first. Sums tell whether a number of points or a value of numbers
 * differs; where only sums do, the rows decide, because floats that are added in another order give another sum.
 * With `deep` the rows decide everywhere.
 */
export async function examine(
  pair: Pair,
  unit: Unit,
  span: Span,
  deep: boolean,
  signal: AbortSignal,
): Promise<Slice[]> {
  if (deep && unit.onSource && unit.onTarget) return [...(await diffRows(pair, unit, span, signal)).slices];
  const slices: Slice[] = [];
  for (const slice of await differingSlices(pair, unit, span, signal)) {
    if (slice.sourcePoints !== slice.targetPoints) slices.push(slice);
    else slices.push(...(await diffRows(pair, unit, slice, signal)).slices);
  }
  return slices;
}

/** What differed when it was looked at twice. */
export type Confirmed = Pick<
  Diff,
  "missing" | "changed" | "extra" | "toCopy" | "slices" | "samples" | "rows"
>;

/**
 * Compares the rows of a span, and what differs once more after `settled`: what one server had and the other had not
 * answered yet at the first look is no difference.
 */
export async function lookTwice(
  pair: Pair,
  unit: Unit,
  span: Span,
  settled: () => Promise<void>,
  signal: AbortSignal,
): Promise<Confirmed> {
  const first = await diffRows(pair, unit, span, signal);
  if (first.slices.length === 0) return first;
  await settled();
  const counts = { missing: 0, changed: 0, extra: 0 };
  const samples: string[] = [];
  const slices: Slice[] = [];
  const toCopy: Slice[] = [];
  for (const slice of first.slices) {
    const second = await diffRows(pair, unit, slice, signal);
    const ids = inBoth(first.ids, second.ids);
    if (ids?.size === 0 || second.slices.length === 0) continue;
    for (const kind of ["missing", "changed", "extra"] as const) {
      counts[kind] += ids === undefined ? second[kind] : countOf(ids, kind);
    }
    samples.push(...second.samples);
    slices.push(...second.slices);
    toCopy.push(...second.toCopy);
  }
  return { ...counts, samples, slices, toCopy, rows: first.rows };
}

/** Undefined if one of the two is. */
function inBoth(
  a: ReadonlySet<string> | undefined,
  b: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (a === undefined || b === undefined) return undefined;
  return new Set([...b].filter((id) => a.has(id)));
}

function countOf(ids: ReadonlySet<string>, kind: string): number {
  let count = 0;
  for (const id of ids) if (id.startsWith(`${kind} `)) count++;
  return count;
}
