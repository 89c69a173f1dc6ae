import type { Log } from "../../observe/log.ts";
import type { Clock, Timer } from "../../platform.ts";
import type { AnswerBody } from "../../query/query.ts";

export const MAX_VIEWERS = 16;
/** From one snapshot to the next. */
const EVERY_MS = 1_000;
/** A viewer who takes nothing while there are so many snapshots gives his place to others. */
const MAX_SKIPPED = 30;

interface ViewersOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** One snapshot, as it is sent. */
  readonly take: () => Promise<Uint8Array>;
}

/** Who looks at the page. Each snapshot is made once for all of them, and none while there is nobody. */
export class Viewers {
  readonly #options: ViewersOptions;
  readonly #viewers = new Set<Viewer>();
  #latest: Uint8Array | undefined;
  #timer: Timer | undefined;
  #isTaking = false;
  #closed = false;

  constructor(options: ViewersOptions) {
    this.#options = options;
  }

  /** The snapshots from now on; undefined if there are too many viewers. */
  add(): AnswerBody | undefined {
    if (this.#viewers.size >= MAX_VIEWERS) {
      this.#options.log.throttled("warn", "too-many-viewers", { limit: MAX_VIEWERS });
      return undefined;
    }
    const viewer = new Viewer(() => this.#remove(viewer));
    if (this.#closed) {
      viewer.end();
      return viewer;
    }
    this.#viewers.add(viewer);
    if (this.#latest !== undefined) viewer.offer(this.#latest);
    if (this.#timer === undefined) void this.#take();
    return viewer;
  }

  /** Ends all of them; browsers come again by themselves. */
  end(): void {
    for (const viewer of [...this.#viewers]) viewer.end();
  }

  /** Ends all of them, and at once whoever still comes: over a connection that has another answer under way. */
  close(): void {
    this.#closed = true;
    this.end();
  }

  #remove(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#latest = undefined;
  }

  async #take(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    const { clock, log, take } = this.#options;
    try {
      this.#latest = await take();
    } catch (error) {
      log.throttled("error", "status-page-failed", {
        error: error instanceof Error ? error.name : "unknown",
      });
    }
    this.#isTaking = false;
    for (const viewer of [...this.#viewers]) {
      if (this.#latest === undefined) break;
      viewer.offer(this.#latest);
      if (viewer.skipped > MAX_SKIPPED) viewer.end();
    }
    if (this.#viewers.size === 0) this.#latest = undefined;
    else this.#timer = clock.after(EVERY_MS, () => void this.#take());
  }
}

/** Has at most one snapshot that was not taken yet: the last one. */
class Viewer implements AnswerBody {
  readonly #leave: () => void;
  #next: Uint8Array | undefined;
  #ended = false;
  #wake: (() => void) | undefined;
  /** Snapshots since the last one that was taken. */
  skipped = 0;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  offer(snapshot: Uint8Array): void {
    if (this.#next !== undefined) this.skipped++;
    this.#next = snapshot;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#next = undefined;
    this.#leave();
    this.#wake?.();
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#next === undefined && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const snapshot = this.#next;
    this.#next = undefined;
    this.skipped = 0;
    return snapshot;
  }

  cancel(): void {
    this.end();
  }
}
