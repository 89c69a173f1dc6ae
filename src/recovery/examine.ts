import { type Diff, diffRows } from "./diff.ts";
import { lookAtSums } from "./look.ts";
import type { Turn } from "./parallel.ts";
import { differingSlices, type Looked, type Part, type Slice } from "./sums.ts";
import type { Pair, Unit } from "./unit.ts";
import type { SizedSpan } from "./windows.ts";

/**
 * For each part the slices that differ, cheapest way first. Sums tell whether a number of points or a value of numbers
 * differs; where only sums do, the rows decide, because floats that are added in another order give another sum. Where
 * `deep` is true the rows decide at once. All parts are of one policy. The sums are asked for in `turn`: InfluxDB
 * scans with several cores for one statement, and three requests at a time took 1.1 times as long (bench/recovery.ts), and
 * more of a server that people use.
 */
export async function examine(
  pair: Pair,
  parts: readonly Part[],
  { deep, turn }: { readonly deep: (unit: Unit) => boolean; readonly turn: Turn },
  signal: AbortSignal,
): Promise<(readonly Slice[])[]> {
  const found: (readonly Slice[])[] = [];
  const looked = await turn(() => lookAtSums(pair, parts, signal));
  for (const [i, sums] of looked.entries()) {
    const { unit } = parts[i] as Part;
    const { whole, equal } = sums;
    if (deep(unit) && whole.sourcePoints > 0 && whole.targetPoints > 0) {
      found.push((await diffRows(pair, unit, whole, signal)).slices);
    } else {
      found.push(equal ? [] : await sureSlices(pair, unit, sums, signal));
    }
  }
  return found;
}

async function sureSlices(pair: Pair, unit: Unit, looked: Looked, signal: AbortSignal): Promise<Slice[]> {
  const sure: Slice[] = [];
  for (const slice of await differingSlices(pair, unit, looked, signal)) {
    if (slice.sourcePoints !== slice.targetPoints) sure.push(slice);
    else sure.push(...(await diffRows(pair, unit, slice, signal)).slices);
  }
  return sure;
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
  span: SizedSpan,
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
    if (samples.length === 0) samples.push(...second.samples);
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
