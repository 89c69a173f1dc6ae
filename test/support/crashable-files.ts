import { SpoolError, type SpoolFailure } from "../../src/errors.ts";
import type { SpoolDirectory, SpoolFile, SpoolRoot } from "../../src/platform.ts";

/** How a machine stops: the process alone, or with everything that was not synced. */
export type CrashKind = "kill" | "power cut";

/** One call of a file or directory, before it is done. */
export interface Call {
  readonly op:
    | "list"
    | "open"
    | "append"
    | "read"
    | "truncate"
    | "sync"
    | "close"
    | "rename"
    | "remove"
    | "sync directory";
  readonly directory: string;
  /** Empty for a directory. */
  readonly name: string;
  /** Calls so far, this one included. */
  readonly number: number;
}

/** How a call fails. */
export interface Fault {
  readonly failure: SpoolFailure;
  /** Of an append: so much of it is written all the same, 0 to 1. */
  readonly written?: number;
  /** Of a sync: what it was for will never reach the disk, also if a later sync succeeds. */
  readonly drop?: boolean;
}

/** A file, whatever its names are. */
class Inode {
  bytes: Uint8Array = new Uint8Array(0);
  /** What a power cut leaves at least. */
  synced: Uint8Array = new Uint8Array(0);
  /** A failed sync dropped what was behind this offset then; up to the second one it is lost for good. */
  dropped: { from: number; to: number }[] = [];

  sync(): void {
    const durable = this.bytes.slice();
    for (const { from, to } of this.dropped) durable.fill(0, from, Math.min(to, durable.length));
    this.synced = durable;
  }

  /** What a power cut leaves: of what is not synced each page may be there or not, or the end is missing. */
  afterPowerCut(random: () => number): Uint8Array {
    const durable = this.bytes.slice();
    for (const { from, to } of this.dropped) durable.fill(0, from, Math.min(to, durable.length));
    const way = random();
    if (way < 0.3) return this.synced.slice();
    if (way < 0.5) return durable;
    const [shortest, longest] = [this.synced.length, durable.length].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const result = durable.slice(0, shortest + Math.floor(random() * (longest - shortest + 1)));
    if (way < 0.75) return result;
    for (let page = 0; page < result.length; page += PAGE_BYTES) {
      if (random() < 0.5) continue;
      const end = Math.min(page + PAGE_BYTES, result.length);
      result.fill(0, page, end);
      result.set(this.synced.subarray(page, Math.min(end, this.synced.length)), page);
    }
    return result;
  }
}

const PAGE_BYTES = 512;

type Names = Map<string, Inode>;

/** What was done to the entries of a directory. */
type Change =
  | { readonly kind: "set"; readonly name: string; readonly inode: Inode }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly name: string };

class Directory {
  names: Names = new Map();
  synced: Names = new Map();
  /** Since the last sync. */
  changes: Change[] = [];

  change(change: Change): void {
    apply(change, this.names);
    this.changes.push(change);
  }
}

function apply(change: Change, names: Names): void {
  if (change.kind === "set") names.set(change.name, change.inode);
  else if (change.kind === "remove") names.delete(change.name);
  else {
    const inode = names.get(change.from);
    if (inode === undefined) return;
    names.delete(change.from);
    names.set(change.to, inode);
  }
}

/**
 * A disk in memory that can be looked at as it would be after a crash at any instant, and whose calls can be made to
 * fail. Synced data and synced directory entries survive a power cut, everything else survives in part, by chance;
 * what was written survives the end of the process.
 */
export class CrashableFiles {
  /** Called before each call is done. */
  onCall: (call: Call) => void = () => {};
  /** Asked for each call; what it returns is how the call fails. */
  fault: (call: Call) => Fault | undefined = () => undefined;
  /** Asked for each call; when what it returned resolves, the caller is told of what was done or failed before. */
  slow: (call: Call) => Promise<void> | undefined = () => undefined;
  /** Bytes that fit on the disk; an append beyond it writes what fits and fails. */
  quota = Number.POSITIVE_INFINITY;
  /** Files that are open now, and the most there ever were. */
  openFiles = 0;
  mostOpenFiles = 0;
  calls = 0;
  readonly #directories = new Map<string, Directory>();
  #lastEnd: SpoolRoot["lastEnd"] = "closed";
  #locked = false;
  /** What the call that is being done would do, by how much of it is done (0 to 1). */
  #inFlight: ((disk: CrashableFiles, part: number) => void) | undefined;

  /** As an adapter opens it. @throws {SpoolError} `locked` */
  async open(): Promise<SpoolRoot> {
    if (this.#locked) throw new SpoolError("locked", "another process has the spool");
    this.#locked = true;
    const lastEnd = this.#lastEnd;
    this.#lastEnd = "killed";
    return {
      lastEnd,
      list: async () => [...this.#directories.keys()],
      directory: async (name) => this.directory(name),
      freeBytes: async () =>
        this.quota === Number.POSITIVE_INFINITY ? undefined : this.quota - this.usedBytes,
      close: async () => {
        this.#locked = false;
        this.#lastEnd = "closed";
      },
    };
  }

  get usedBytes(): number {
    const inodes = [...this.#directories.values()].flatMap(({ names }) => [...names.values()]);
    return inodes.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** The disk as it is after a crash now, possibly in the middle of a call. The same seed gives the same disk. */
  crashClone(kind: CrashKind, seed: number): CrashableFiles {
    const random = seededRandom(seed);
    const before = this.#copy();
    const part = random() < 0.3 ? 1 : random();
    this.#inFlight?.(before, part);
    if (kind === "power cut")
      for (const directory of before.#directories.values()) cutPower(directory, random);
    before.#lastEnd = kind === "kill" ? "killed" : "lost";
    before.quota = this.quota;
    return before;
  }

  #copy(): CrashableFiles {
    const copy = new CrashableFiles();
    const inodes = new Map<Inode, Inode>();
    const copied = (inode: Inode): Inode => {
      let other = inodes.get(inode);
      if (other === undefined) {
        // The arrays are never written to, but replaced.
        other = Object.assign(new Inode(), {
          bytes: inode.bytes,
          synced: inode.synced,
          dropped: [...inode.dropped],
        });
        inodes.set(inode, other);
      }
      return other;
    };
    const copiedNames = (names: Names): Names =>
      new Map([...names].map(([name, inode]) => [name, copied(inode)]));
    for (const [name, { names, synced, changes }] of this.#directories) {
      const directory = new Directory();
      directory.names = copiedNames(names);
      directory.synced = copiedNames(synced);
      directory.changes = changes.map((change) =>
        change.kind === "set" ? { ...change, inode: copied(change.inode) } : change,
      );
      copy.#directories.set(name, directory);
    }
    return copy;
  }

  directory(name: string): SpoolDirectory {
    const directory = this.#directories.get(name) ?? new Directory();
    this.#directories.set(name, directory);
    const call = <T>(op: Call["op"], file: string, run: () => T, effect?: Effect): Promise<T> =>
      this.#call(op, name, file, run, effect);
    const inOther =
      (change: (other: Directory) => void): Effect =>
      (disk, part) => {
        const other = disk.#directories.get(name);
        if (part > 0.5 && other !== undefined) change(other);
      };
    return {
      list: () =>
        call("list", "", () =>
          [...directory.names].map(([file, { bytes }]) => ({ name: file, size: bytes.length })),
        ),
      open: (file) => call("open", file, () => this.#openFile(directory, name, file)),
      rename: (from, to) => {
        const change: Change = { kind: "rename", from, to };
        const run = () => {
          if (!directory.names.has(from)) throw new SpoolError("io", `there is no ${from}`);
          directory.change(change);
        };
        return call(
          "rename",
          from,
          run,
          inOther((other) => other.change(change)),
        );
      },
      remove: (file) => {
        const change: Change = { kind: "remove", name: file };
        const run = () => {
          if (!directory.names.has(file)) throw new SpoolError("io", `there is no ${file}`);
          directory.change(change);
        };
        return call(
          "remove",
          file,
          run,
          inOther((other) => other.change(change)),
        );
      },
      sync: () => call("sync directory", "", () => syncDirectory(directory), inOther(syncDirectory)),
    };
  }

  #openFile(directory: Directory, directoryName: string, name: string): SpoolFile {
    const inode = directory.names.get(name) ?? new Inode();
    if (!directory.names.has(name)) directory.change({ kind: "set", name, inode });
    this.openFiles++;
    this.mostOpenFiles = Math.max(this.mostOpenFiles, this.openFiles);
    let closed = false;
    const call = async <T>(
      op: Call["op"],
      run: () => T,
      effect?: (other: Inode, part: number) => void,
    ): Promise<T> => {
      if (closed) throw new SpoolError("closed", `${name} is closed`);
      return this.#call(op, directoryName, name, run, (disk, part) => {
        const other = disk.#directories.get(directoryName)?.names.get(name);
        if (other !== undefined) effect?.(other, part);
      });
    };
    const append = (target: Inode, added: Uint8Array) => {
      target.bytes = concatenate([target.bytes, added]);
    };
    return {
      append: (pieces) => {
        const added = concatenate(pieces);
        const run = () => {
          const fits = Math.max(0, Math.min(added.length, this.quota - this.usedBytes));
          append(inode, added.subarray(0, fits));
          if (fits < added.length) throw new SpoolError("full", "no space left on device");
        };
        this.#partly = (part) => append(inode, added.subarray(0, Math.floor(part * added.length)));
        return call("append", run, (other, part) =>
          append(other, added.subarray(0, Math.floor(part * added.length))),
        );
      },
      read: (offset, length) => call("read", () => inode.bytes.slice(offset, offset + length)),
      truncate: (size) => {
        const change = (target: Inode) => {
          target.bytes = target.bytes.slice(0, size);
        };
        return call(
          "truncate",
          () => change(inode),
          (other, part) => part > 0.5 && change(other),
        );
      },
      sync: () => {
        this.#drop = () => inode.dropped.push({ from: inode.synced.length, to: inode.bytes.length });
        return call(
          "sync",
          () => inode.sync(),
          (other, part) => part > 0.5 && other.sync(),
        );
      },
      close: async () => {
        if (closed) return;
        await call("close", () => undefined).finally(() => {
          closed = true;
          this.openFiles--;
        });
      },
    };
  }

  /** What a failing append or sync does all the same; set right before the call. */
  #partly: (part: number) => void = () => {};
  #drop: () => void = () => {};

  async #call<T>(op: Call["op"], directory: string, name: string, run: () => T, effect?: Effect): Promise<T> {
    const [partly, drop] = [this.#partly, this.#drop];
    const call: Call = { op, directory, name, number: ++this.calls };
    this.#inFlight = effect;
    this.onCall(call);
    this.#inFlight = undefined;
    // Nothing is done at once, and calls that are under way together end in turn.
    await Promise.resolve();
    const fault = this.fault(call);
    if (fault !== undefined) {
      if (op === "append") partly(fault.written ?? 0);
      if (op === "sync" && fault.drop === true) drop();
      await this.slow(call);
      throw new SpoolError(fault.failure, `${op} ${name} fails`);
    }
    const result = run();
    await this.slow(call);
    return result;
  }
}

type Effect = (disk: CrashableFiles, part: number) => void;

function syncDirectory(directory: Directory): void {
  directory.synced = new Map(directory.names);
  directory.changes = [];
}

/** Of what was done since the last sync the first so many survive, or by chance any. */
function cutPower(directory: Directory, random: () => number): void {
  const names = new Map(directory.synced);
  const inOrder = random() < 0.5;
  const count = Math.floor(random() * (directory.changes.length + 1));
  directory.changes.forEach((change, index) => {
    if (inOrder ? index < count : random() < 0.5) apply(change, names);
  });
  directory.names = names;
  for (const inode of new Set(names.values())) {
    inode.bytes = inode.afterPowerCut(random);
    inode.synced = inode.bytes;
    inode.dropped = [];
  }
  syncDirectory(directory);
}

/** Fails the `nth` call (from 1) that `matches`, or from there on each. */
export function failNth(
  nth: number,
  matches: (call: Call) => boolean,
  fault: Fault = { failure: "io" },
  count = 1,
): (call: Call) => Fault | undefined {
  let seen = 0;
  return (call) => {
    if (!matches(call)) return undefined;
    seen++;
    return seen >= nth && seen < nth + count ? fault : undefined;
  };
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** mulberry32, a public-domain generator. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
