import type { SpoolDirectory } from "../platform.ts";
import type { Segment } from "./segment.ts";
import type { SegmentContext } from "./segment-options.ts";
import type { SegmentSet } from "./segment-set.ts";

/** Of damage set aside at most as much is kept as so many segments take. */
const QUOTA_SEGMENTS = 4;
const PIECE_BYTES = 4 * 2 ** 20;

/** What became of damage: kept in a file of its own, no room for that, or it failed. */
export type SetAside = "kept" | "no room" | "failed";

/** Counts damage and keeps copies of it. */
export class SegmentDamage {
  readonly #context: SegmentContext;
  readonly #set: SegmentSet;

  constructor(context: SegmentContext, set: SegmentSet) {
    this.#context = context;
    this.#set = set;
  }

  count(records: number, bytes: number): void {
    this.#context.counters.damagedRecords += records;
    this.#context.counters.damagedBytes += bytes;
  }

  /** Keeps a copy of a damaged segment, once. No file of the log may be open to be read. */
  async setAside(segment: Segment): Promise<void> {
    if (segment.setAside) return;
    segment.setAside = true;
    await this.#keep(
      segment,
      0,
      `${segment.name}.bad`,
      "a part of it cannot be read; what is intact is used",
    );
  }

  /** Keeps a copy of the end of a segment from `offset` on, which is to be cut off. */
  setTailAside(segment: Segment, offset: number): Promise<SetAside> {
    return this.#keep(
      segment,
      offset,
      `${segment.name}.tail.bad`,
      "its end cannot be read and is cut off: what was being stored when the relay was killed, or damage",
    );
  }

  async #keep(segment: Segment, offset: number, name: string, what: string): Promise<SetAside> {
    const { segmentBytes, counters, directory, fsync, backend, log } = this.#context;
    const bytes = segment.size - offset;
    const tell = (result: SetAside, fields: { copy?: string; error?: string }): SetAside => {
      if (result !== "kept") counters.notSetAsideBytes += bytes;
      log.throttled(
        offset > 0 ? "warn" : "error",
        "spool file damaged",
        {
          backend,
          file: segment.name,
          what,
          bytes,
          result,
          ...fields,
          advice: "check the disk; see docs/spool-format.md",
        },
        `spool file damaged ${backend}`,
      );
      return result;
    };
    if (this.#set.setAsideBytes + bytes > QUOTA_SEGMENTS * segmentBytes) return tell("no room", {});
    const unfinished = `${name}.tmp`;
    try {
      await copy(directory, segment.name, offset, bytes, unfinished);
      await directory.rename(unfinished, name);
      if (fsync !== "never") await directory.sync();
    } catch (error) {
      await directory.remove(unfinished).catch(() => undefined);
      return tell("failed", { error: String(error) });
    }
    this.#set.setAside.set(name, bytes);
    counters.setAside++;
    return tell("kept", { copy: name });
  }
}

/** Opens each file only while it needs it, so that one more descriptor is enough. */
async function copy(directory: SpoolDirectory, from: string, offset: number, bytes: number, to: string) {
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, bytes - at);
    const piece = await using(directory, from, (file) => file.read(offset + at, length));
    await using(directory, to, async (file) => {
      if (at === 0) await file.truncate(0);
      await file.append([piece]);
      if (at + length === bytes) await file.sync();
    });
  }
}

async function using<T>(
  directory: SpoolDirectory,
  name: string,
  use: (file: Awaited<ReturnType<SpoolDirectory["open"]>>) => Promise<T>,
): Promise<T> {
  const file = await directory.open(name);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
