import { SpoolError } from "../errors.ts";
import type { SpoolFile } from "../platform.ts";
import { RECORD_HEADER_BYTES } from "./record.ts";
import { newSegment, placeInName, type Segment } from "./segment.ts";
import { ActiveSegment } from "./segment-active.ts";
import { SegmentDamage } from "./segment-damage.ts";
import type { SegmentContext } from "./segment-options.ts";
import type { ReadHandle } from "./segment-read-handle.ts";
import { SegmentScan } from "./segment-scan.ts";
import { SegmentSet } from "./segment-set.ts";
import type { WriterStart } from "./segment-writer.ts";

const PIECE_BYTES = 2 ** 20;
/** Older segments that are read for the running time of the newest record when the last one does not tell it. */
const MAX_LOOKED_BACK = 2;

/** What the last run left. */
export interface Recovered {
  readonly set: SegmentSet;
  readonly damage: SegmentDamage;
  readonly start: WriterStart;
  /** The place that the next record gets. */
  readonly next: number;
}

/** What is in one segment. */
interface Survey {
  /** The place behind the last record stored in it, or before it; undefined when nothing tells. */
  readonly expected: number | undefined;
  readonly ranMs: number | undefined;
  /** Where the last intact record ends; 0 when there is none. */
  readonly end: number;
  /** Nothing in it is damaged. */
  readonly sound: boolean;
}

/**
 * Finds the segments of the last run and makes sure that what is appended can be read later: after damage it goes into
 * a new segment. Only the last segment is read; damage in others is found by who reads them.
 * @throws {SpoolError} `version` before anything is changed; or when the directory cannot be read
 */
export async function recover(context: SegmentContext, handle: ReadHandle): Promise<Recovered> {
  const { directory, prefix } = context;
  const files = await directory.list();
  const segments = segmentsAmong(prefix, files);
  const last = segments.at(-1);
  const survey = last === undefined ? undefined : await look(handle, last);
  const ranMs = survey?.ranMs ?? (await lookBack(handle, segments));
  await handle.release();

  const ours = files.filter(
    ({ name }) => placeInName(prefix, name.replace(/\.seg\..*/, ".seg")) !== undefined,
  );
  for (const { name } of ours) {
    // One that cannot be removed is tried again at the next start, and harms nobody until then.
    if (name.endsWith(".bad.tmp")) await directory.remove(name).catch(() => undefined);
  }
  // The process that made the last file may have been killed before its name was safe.
  if (segments.length > 0 && context.fsync !== "never") await directory.sync();
  const setAside = new Map(
    ours.filter(({ name }) => name.endsWith(".bad")).map(({ name, size }) => [name, size] as const),
  );
  for (const segment of segments) segment.setAside = setAside.has(`${segment.name}.bad`);
  const set = new SegmentSet(context, handle, segments, setAside);
  const damage = new SegmentDamage(context, set);
  const atLeast = context.atLeast ?? 0;
  if (last === undefined || survey === undefined) {
    return { set, damage, start: { expected: atLeast, ranMs, goOnWith: undefined }, next: atLeast };
  }
  const expected = survey.expected ?? last.first;
  const behind = Math.max(expected, last.first);
  if (survey.sound || last.size === 0) {
    const goOnWith = last.size === 0 ? undefined : last;
    return { set, damage, start: { expected, ranMs, goOnWith }, next: Math.max(behind, atLeast) };
  }
  // A cursor may stand behind damaged records: no place that one of them may have had is given out again.
  const lost = Math.ceil((last.size - survey.end) / RECORD_HEADER_BYTES);
  const next = Math.max(behind + lost, atLeast);
  const goOnWith = await leaveDamaged(context, set, damage, last, survey.end, { expected, ranMs, next });
  return { set, damage, start: { expected, ranMs, goOnWith }, next };
}

function segmentsAmong(prefix: string, files: readonly { readonly name: string; readonly size: number }[]) {
  return files
    .flatMap(({ name, size }): Segment[] => {
      const first = placeInName(prefix, name);
      return first === undefined ? [] : [{ ...newSegment(prefix, first), size, end: size }];
    })
    .sort((a, b) => a.first - b.first);
}

async function look(handle: ReadHandle, segment: Segment): Promise<Survey> {
  const file: SpoolFile = await handle.file(segment.name);
  const scan = new SegmentScan(file, segment.name, segment.size, PIECE_BYTES);
  const header = await scan.header();
  let sound = header !== undefined;
  let { expected, ranMs } = header ?? {};
  let end = 0;
  for (let found = await scan.next(); found !== undefined; found = await scan.next()) {
    if (found.record === undefined) {
      sound = false;
      continue;
    }
    expected = Math.max(expected ?? 0, found.record.seq + 1);
    ranMs = found.record.ranMs;
    end = found.end;
  }
  return { expected, ranMs, end, sound };
}

async function lookBack(handle: ReadHandle, segments: readonly Segment[]): Promise<number> {
  for (const segment of segments.slice(0, -1).slice(-MAX_LOOKED_BACK).reverse()) {
    const { ranMs } = await look(handle, segment).catch(unlessVersion);
    if (ranMs !== undefined) return ranMs;
  }
  return 0;
}

function unlessVersion(error: unknown): Partial<Survey> {
  if (error instanceof SpoolError && error.failure === "version") return {};
  throw error;
}

/** How a log goes on behind damage. */
interface GoOn {
  readonly expected: number;
  readonly ranMs: number;
  readonly next: number;
}

/**
 * Begins a new segment at `next` and cuts the damaged end of the last one off, after it was set aside. In this order:
 * how far the places of the damaged records may have gone is never forgotten. A step that fails leaves the damage
 * where it is. Returns the new segment if there is one.
 */
async function leaveDamaged(
  context: SegmentContext,
  set: SegmentSet,
  damage: SegmentDamage,
  last: Segment,
  end: number,
  goOn: GoOn,
): Promise<Segment | undefined> {
  const tail = last.size - end;
  damage.count(0, tail);
  const kept = tail > 0 ? await damage.setTailAside(last, end) : "failed";
  let begun: Segment | undefined;
  try {
    begun = await begin(context, set, goOn);
    if (kept !== "failed") await cutOff(context, set, last, end);
  } catch (error) {
    const { log, backend } = context;
    const fields = { backend, file: last.name, error: String(error), advice: "look at the disk" };
    log.throttled("error", "damaged spool file not left", fields, `damaged spool file not left ${backend}`);
  }
  return begun;
}

async function begin(
  context: SegmentContext,
  set: SegmentSet,
  { expected, ranMs, next }: GoOn,
): Promise<Segment> {
  const active = await ActiveSegment.create(context, set, next);
  try {
    await active.begin(expected, ranMs);
    if (context.fsync !== "never") await active.sync();
  } finally {
    await active.close();
  }
  return active.segment;
}

async function cutOff(
  { directory }: SegmentContext,
  set: SegmentSet,
  last: Segment,
  end: number,
): Promise<void> {
  if (end === 0) {
    await directory.remove(last.name);
    set.forget(last);
    return;
  }
  const file = await directory.open(last.name);
  try {
    await file.truncate(end);
    await file.sync();
  } finally {
    await file.close();
  }
  set.resize(last, end);
  last.end = end;
}
