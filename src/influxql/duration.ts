/** Nanoseconds of the units, the longest first. */
const UNITS: readonly (readonly [string, bigint])[] = [
  ["w", 604_800_000_000_000n],
  ["d", 86_400_000_000_000n],
  ["h", 3_600_000_000_000n],
  ["m", 60_000_000_000n],
  ["s", 1_000_000_000n],
  ["ms", 1_000_000n],
  ["u", 1_000n],
  ["ns", 1n],
];

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([...UNITS, ["µ", 1_000n]]);

const WHOLE = /^-?(?:\d+(?:ns|ms|[uµmshdw]))+$/;
const PART = /(\d+)(ns|ms|[uµmshdw])/g;
const MAX_INT64 = 2n ** 63n - 1n;

/** Why a text is no duration, in influxd's words. */
export interface BadDuration {
  readonly problem: string;
}

/** Nanoseconds of a text such as `1h30m`, in 64 bits as Go has them. */
export function parseDuration(text: string): bigint | BadDuration {
  const invalid = { problem: "invalid duration" };
  if (!WHOLE.test(text)) return invalid;
  let total = 0n;
  let last = "";
  for (const [part, digits, unit] of text.matchAll(PART)) {
    const amount = BigInt(digits as string);
    if (amount > MAX_INT64) return invalid;
    total = BigInt.asIntN(64, total + amount * (NANOSECONDS.get(unit as string) as bigint));
    last = `${amount}${part.slice((digits as string).length)}`;
  }
  const negative = text.startsWith("-");
  if (total < 0n && !negative) {
    return { problem: `overflowed duration ${last}: choose a smaller duration or INF` };
  }
  return negative ? BigInt.asIntN(64, -total) : total;
}

/** Exact, in the longest unit of which `nanoseconds` is a multiple: `90m`, `-1d`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const [unit, length] = UNITS.find(([, length]) => nanoseconds % length === 0n) as (typeof UNITS)[number];
  return `${nanoseconds / length}${unit}`;
}
