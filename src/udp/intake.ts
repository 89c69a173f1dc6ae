import type { Log } from "../observe/log.ts";
import { survey } from "../write/line-scan.ts";
import { timestampText } from "../write/precision.ts";
import { stamp } from "../write/stamp.ts";

/**
 * Why a datagram was dropped: `empty` has nothing but blank lines and comments, `not-line-protocol` cannot hold a
 * point, `queue-full` found too much waiting, `stopped` came after the end.
 */
export type DropReason = "empty" | "not-line-protocol" | "queue-full" | "stopped";

/** Datagrams by reason; each only grows. */
export type Dropped = Readonly<Record<DropReason, number>>;

/** A datagram whose every point has a time. */
export interface Arrival {
  readonly body: Uint8Array;
  /** Lines that InfluxDB would try to read as points. */
  readonly lines: number;
  /** False when it would swallow the first line of what is joined to it. */
  readonly closed: boolean;
}

export interface IntakeOptions {
  /** Name of the listener. */
  readonly name: string;
  /** Unit of the times in the datagrams, as in a write's `precision`. */
  readonly precision: string;
  /** The time for lines that have none, in nanoseconds since 1970. */
  readonly stampClock: () => bigint;
  readonly log: Log;
}

const NUL = 0x00;
const EQUALS = 0x3d;

/** The first look at every datagram, and the account of those that end there. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #dropped: Record<DropReason, number> = {
    empty: 0,
    "not-line-protocol": 0,
    "queue-full": 0,
    stopped: 0,
  };
  #received = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get received(): number {
    return this.#received;
  }

  dropped(): Dropped {
    return { ...this.#dropped };
  }

  /** Counts the datagram and stamps what has no time. Undefined if there is nothing to forward. */
  take(bytes: Uint8Array): Arrival | undefined {
    this.#received++;
    // Before the scan, which would read binary data as one long line. No point is without "=", and NUL is what
    // binary protocols have in common, such as that of collectd.
    if (bytes.indexOf(NUL) >= 0) return this.#refuse("not-line-protocol");
    const { lines, untimed, closed } = survey(bytes);
    if (lines === 0) return this.#refuse("empty");
    if (bytes.indexOf(EQUALS) < 0) return this.#refuse("not-line-protocol");
    const { stampClock, precision } = this.#options;
    if (!untimed) return { body: bytes, lines, closed };
    return { ...stamp(bytes, timestampText(stampClock(), precision)), closed };
  }

  /** Counts a datagram that was received as dropped. */
  drop(reason: DropReason): void {
    this.#dropped[reason]++;
    const { name, log } = this.#options;
    log.throttled(
      "warn",
      "datagram-dropped",
      { listener: name, reason },
      `datagram-dropped ${name} ${reason}`,
    );
  }
  #refuse(reason: DropReason): undefined {
    this.drop(reason);
  }
}
