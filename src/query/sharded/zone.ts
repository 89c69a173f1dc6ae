/** A name that no zone has, or none that this runtime knows. */
export class UnknownZone extends Error {
  readonly code = "UNKNOWN_ZONE";
  constructor(name: string) {
    super(`unable to find time zone ${name}`);
    this.name = "UnknownZone";
  }
}

/** The clock of a query that names a zone, for which an empty name is UTC as for influxd. @throws UnknownZone */
export const zoneOf = (name: string | undefined): Zone | undefined =>
  name === undefined || name === "" || name === "UTC" ? undefined : new Zone(name);

/** Clocks are changed at times that are multiples of this, in seconds. */
const STEP = 900;

/** The clock of a place, as `tz('Europe/Berlin')` names it. */
export class Zone {
  readonly #format: Intl.DateTimeFormat;
  #step = Number.NaN;
  #offset = 0;

  /** @throws UnknownZone */
  constructor(name: string) {
    try {
      this.#format = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        calendar: "iso8601",
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new UnknownZone(name);
    }
  }

  /** Seconds east of UTC, at so many seconds since 1970. */
  offset(seconds: number): number {
    const step = Math.floor(seconds / STEP);
    if (step !== this.#step) {
      this.#offset = this.#find(step * STEP);
      this.#step = step;
    }
    return this.#offset;
  }

  /** Nanoseconds east of UTC, at so many nanoseconds since 1970. */
  offsetNs(ns: bigint): bigint {
    return BigInt(this.offset(Number(floorDiv(ns, SECOND)))) * SECOND;
  }

  #find(seconds: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(seconds * 1000)) parts[type] = value;
    const part = (name: string) => Number(parts[name]);
    const year = parts["era"]?.startsWith("B") ? 1 - part("year") : part("year");
    const local = new Date(0);
    local.setUTCFullYear(year, part("month") - 1, part("day"));
    local.setUTCHours(part("hour"), part("minute"), part("second"));
    return local.getTime() / 1000 - seconds;
  }
}

export const SECOND = 1_000_000_000n;

/** Rounds down, also below zero. */
export function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
