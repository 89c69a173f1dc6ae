import type { Figures } from "../../observe/figures.ts";
import type { Status } from "../../observe/status-schema.ts";
import type { Clock } from "../../platform.ts";
import type { SpoolCommands } from "../spool-commands.ts";
import { DeadLetterReasons } from "./dead-letter-reasons.ts";
import { mainOf, titleOf } from "./main.ts";
import type { Snapshot } from "./page-status.ts";
import { RateMeter } from "./rates.ts";

/** A snapshot is shown to whoever comes within so many milliseconds. */
const FRESH_MS = 900;

export interface SnapshotSource {
  readonly clock: Clock;
  /** What `/status` answers. */
  readonly status: () => object;
  readonly figures: () => Figures;
  readonly spool: Pick<SpoolCommands, "show">;
  /** The file that commands are to name; without one there are no commands. */
  readonly config: string | undefined;
}

/** Makes snapshots, one in {@link FRESH_MS} however many look. */
export class Snapshots {
  readonly #source: SnapshotSource;
  readonly #rates = new RateMeter();
  readonly #deadLetters: DeadLetterReasons;
  #last: { readonly atMs: number; readonly snapshot: Promise<Snapshot> } | undefined;

  constructor(source: SnapshotSource) {
    this.#source = source;
    this.#deadLetters = new DeadLetterReasons(source.spool);
  }

  current(): Promise<Snapshot> {
    const atMs = this.#source.clock.monotonic();
    if (this.#last === undefined || atMs - this.#last.atMs >= FRESH_MS) {
      this.#last = { atMs, snapshot: this.#make() };
    }
    return this.#last.snapshot;
  }

  async #make(): Promise<Snapshot> {
    const { clock, figures, config } = this.#source;
    // The schema of /status is its type: the tests see to it.
    const status = this.#source.status() as Status;
    const rates = this.#rates.take(figures());
    const deadLetters = await this.#deadLetters.of(status.backends);
    const shown = { status, rates, deadLetters, config, nowMs: clock.now() };
    return { title: titleOf(shown), main: await mainOf(shown) };
  }
}
