import { canonicalLine } from "../support/canonical-points.ts";

/**
 * What the statements of the corpus and of the grammar are asked over: the same points each time, so that an answer
 * is that of another server with the same data. Customers are many enough to spread over several shards. Each float of
 * `orders` is a multiple of 1/4: sums are exact in any order. All points of `orders` have times of their own; those of
 * `cpu` share them, as Telegraf's do.
 */

/** Saturday, 2024-03-09T00:00:00Z. New York's clocks skip an hour 31 h later; two days later a week of InfluxDB begins. */
export const START = 1_709_942_400_000_000_000n;
export const MINUTE = 60_000_000_000n;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;

/** The database that statements name none of their own means. Its time shards are of a day. */
export const DATABASE = "tele";

export const CUSTOMERS = ["acme", "acme-eu", "beta", "corp", "dyno", "ecö, ltd=1", "fnord", "gamma"] as const;

/** In this order, on an empty server. */
export const CREATE_STATEMENTS: readonly string[] = [
  `CREATE DATABASE "${DATABASE}" WITH DURATION INF REPLICATION 1 SHARD DURATION 1d NAME "autogen"`,
  `CREATE RETENTION POLICY "long term" ON "${DATABASE}" DURATION INF REPLICATION 1 SHARD DURATION 7d`,
  `CREATE DATABASE "other"`,
  'CREATE DATABASE "odd \\"db"',
];

export interface Write {
  readonly db: string;
  readonly rp: string;
  /** Line protocol with times in nanoseconds. */
  readonly lines: readonly string[];
}

/** A bigint is an integer, a number a float. */
type Fields = Readonly<Record<string, bigint | number | string | boolean>>;
/** Those whose value is empty are left out. */
type Tags = Readonly<Record<string, string>>;

export function dataSet(): readonly Write[] {
  const main = [...cpu(), ...orders(), ...disk(), ...logs(), ...events(), ...mixed(), ...namesakes()];
  return [
    { db: DATABASE, rp: "autogen", lines: [...main, ...extremes(), ...oddNames()] },
    { db: DATABASE, rp: "long term", lines: daily() },
    { db: "other", rp: "autogen", lines: weather() },
    { db: 'odd "db', rp: "autogen", lines: weather().slice(0, 4) },
  ];
}

/** 17 series with equal times, one without a customer: a dense morning with a gap, and every eight hours. */
function cpu(): string[] {
  const random = createRandom(1);
  const dense = times(START + 29n * HOUR, 10n * MINUTE, 25).filter((_, i) => i < 7 || i > 9);
  const sparse = times(START, 8n * HOUR, 12);
  const all = [...dense, ...sparse].filter((time, i, list) => list.indexOf(time) === i);
  const series: Tags[] = CUSTOMERS.flatMap((customer_id, i) =>
    [0, 1].map((n) => ({ customer_id, host: `h${1 + ((i + n) % 3)}`, region: ["eu", "us", ""][i % 3]! })),
  );
  return all.flatMap((time, step) =>
    [...series, { host: "h9", region: "eu" }].flatMap((tags, i) => {
      if (tags["customer_id"] === "beta" && step % 3 === 1) return [];
      const fields = {
        usage_idle: hundredths(random, 100),
        ...((step + i) % 4 === 0 ? {} : { usage_user: hundredths(random, 50) }),
        n: BigInt(random(2000) - 1000),
        up: random(5) > 0,
        ...(step % 6 === 0 ? { note: `step ${step}, ${tags.host}` } : {}),
      };
      return line("cpu", tags, fields, time);
    }),
  );
}

const PRODUCTS = ["apple", "banana", "pear", "pear, ripe=1", "Äpfel"] as const;

function orders(): string[] {
  const random = createRandom(2);
  return times(START, (4n * DAY) / 300n, 300).map((time, i) => {
    const tags = {
      customer_id: i % 25 === 24 ? "" : CUSTOMERS[random(CUSTOMERS.length)]!,
      product: PRODUCTS[random(PRODUCTS.length)]!,
      region: ["eu", "us", "asia", ""][random(4)]!,
    };
    const fields = {
      amount: random(4000) / 4,
      ...(i % 7 === 3 ? {} : { qty: BigInt(random(20)) }),
      ...(i % 5 === 2 ? {} : { paid: random(2) === 1 }),
      ...(i % 10 === 0 ? { ref: `R-${i}` } : {}),
    };
    return line("orders", tags, fields, time + BigInt(i));
  });
}

/** As Telegraf's, with a counter that begins anew. */
function disk(): string[] {
  const random = createRandom(3);
  return CUSTOMERS.slice(0, 4).flatMap((customer_id, c) =>
    ["/", "/var/log", "C:\\Data"].flatMap((path, p) => {
      let reads = 0n;
      return times(START + 46n * HOUR, 15n * MINUTE, 12).map((time, i) => {
        reads = i === 7 ? 3n : reads + BigInt(random(90));
        const used = BigInt(random(500_000));
        const fields = { reads, used, free: 500_000n - used, used_percent: Number(used) / 5000 };
        return line("disk", { customer_id, host: `h${1 + (c % 3)}`, path }, fields, time + BigInt(p));
      });
    }),
  );
}

const MESSAGES: readonly string[] = [
  "plain",
  "",
  "with 'single' and \"double\" quotes",
  "back\\slash",
  "two\nlines\tand a tab",
  "<b>&amp;</b>",
  "größer als 世界 😀",
  "line\u2028separator",
  "null",
  "1.5",
];

function logs(): string[] {
  return MESSAGES.map((msg, i) => {
    const tags = {
      customer_id: CUSTOMERS[i % 3]!,
      level: ["info", "warn", "err or"][i % 3]!,
      Größe: `s${i % 2}`,
    };
    return line("logs", tags, { msg, line: BigInt(i) }, START + HOUR + BigInt(i) * MINUTE);
  });
}

/** No numbers, few points, few customers. */
function events(): string[] {
  return ["acme", "corp", "gamma", "acme", ""].map((customer_id, i) =>
    line(
      "events",
      { customer_id },
      { type: i % 2 === 0 ? "deploy" : "alert", ok: i !== 2 },
      START + (BigInt(i) * DAY) / 2n,
    ),
  );
}

/** The type of `v` is another one on each day. */
function mixed(): string[] {
  return [7n, 2.5, "text", true].flatMap((v, day) =>
    ["acme", "beta", "gamma"].map((customer_id, i) =>
      line("mixed", { customer_id }, { v, w: day + i / 4 }, START + BigInt(day) * DAY + BigInt(i + 1) * HOUR),
    ),
  );
}

/** A tag and a field of the same name. */
function namesakes(): string[] {
  return times(START + 3n * HOUR, HOUR, 8).map((time, i) =>
    line(
      "both",
      { kind: `tag${i % 2}`, customer_id: CUSTOMERS[i % 4]! },
      { kind: `field${i % 3}`, value: i * 0.5 },
      time,
    ),
  );
}

function extremes(): string[] {
  const integers = [2n ** 63n - 1n, -(2n ** 63n), 0n, 9_007_199_254_740_993n, -1n, 1n];
  const floats = [-0, 5e-324, Number.MAX_VALUE, 1e21, 1e-7, 0.1];
  const points = integers.map((i, at) =>
    line("extremes", { customer_id: CUSTOMERS[at]! }, { i, f: floats[at]! }, START + BigInt(at) * 9n * HOUR),
  );
  const ages = [0n, -1_000_000_000n, 1n, 4_102_444_800_000_000_000n].map((time, at) =>
    line("ages", { customer_id: CUSTOMERS[at]! }, { x: BigInt(at) }, time),
  );
  return [...points, ...ages];
}

/** What must be quoted in InfluxQL, or escaped in line protocol, or looks as if. */
export const ODD_MEASUREMENTS = [
  "my measurement",
  'we,ird "m"',
  "select",
  "1m",
  "cpu.load",
  "cpu/load",
  "温度",
  "back\\slash",
  "it's",
] as const;

function oddNames(): string[] {
  return ODD_MEASUREMENTS.flatMap((name, n) =>
    times(START + 12n * HOUR, 10n * HOUR, 6).map((time, i) => {
      const tags = {
        customer_id: CUSTOMERS[(n + i) % 8]!,
        "tag key": `v ${i % 2}`,
        order: i % 3 === 0 ? "" : "by",
      };
      const fields = {
        value: n + i / 2,
        "field with space": BigInt(i),
        "dotted.name": i * 1.5,
        from: `f${i}`,
        '"q"': i > 2,
      };
      return line(name, tags, fields, time + BigInt(n));
    }),
  );
}

function daily(): string[] {
  return ["acme", "beta", "corp"].flatMap((customer_id, c) =>
    times(START, DAY, 4).map((time, i) =>
      line("cpu", { customer_id }, { mean_usage_idle: 40 + c + i / 4, max_n: BigInt(900 + i) }, time),
    ),
  );
}

function weather(): string[] {
  return ["acme", "beta"].flatMap((customer_id, c) =>
    times(START + HOUR, 6n * HOUR, 5).map((time, i) =>
      line(
        "weather",
        { customer_id, city: ["Köln", "São Paulo"][c]! },
        { temperature: 10 + c - i / 2 },
        time,
      ),
    ),
  );
}

function line(measurement: string, tags: Tags, fields: Fields, time: bigint): string {
  const typed = Object.entries(fields).map(([name, value]) => {
    if (typeof value === "bigint") return { name, type: "integer", text: String(value) } as const;
    if (typeof value === "number") return { name, type: "float", text: floatText(value) } as const;
    return { name, type: typeof value === "string" ? "string" : "boolean", text: String(value) } as const;
  });
  return canonicalLine(measurement, Object.entries(tags), typed, time);
}

const floatText = (value: number) => (Object.is(value, -0) ? "-0" : String(value));

const times = (first: bigint, step: bigint, count: number) =>
  Array.from({ length: count }, (_, i) => first + BigInt(i) * step);

const hundredths = (random: (below: number) => number, below: number) => random(below * 100) / 100;

/** Numerical Recipes' linear congruential generator, its upper bits. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
