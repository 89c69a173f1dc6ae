import { type Dice, decided } from "./dice.ts";
import { select } from "./grammar.ts";
import { type Measured, name, spread, type World } from "./grammar-shape.ts";
import { condition, timeRange } from "./grammar-where.ts";
import { SCRATCH } from "./scratch.ts";

/** One statement that changes the database `scratch`. */
export const anyMutating = decided((dice) => spread(dice, mutating(dice)));

const NUMBERLESS = { floats: [], integers: [], strings: {}, booleans: [] };
const customer_id = ["acme", "beta", ""];

const MEASUREMENTS: readonly [Measured, ...Measured[]] = [
  {
    name: "m",
    floats: ["v"],
    integers: ["i"],
    strings: { s: ["a 1", '"q"'] },
    booleans: ["b"],
    tags: { customer_id, host: ["h1", "h2"] },
  },
  { ...NUMBERLESS, name: 'odd, "name"', floats: ["v"], tags: { customer_id, "tag key": ["ö", ""] } },
  { ...NUMBERLESS, name: "n", integers: ["other"], tags: { customer_id } },
];

const WORLD: World = { db: SCRATCH, measurements: MEASUREMENTS };
const TARGETS = [
  "m2",
  '"m, 2"',
  '"long term".m',
  `${SCRATCH}..n`,
  `"${SCRATCH}"."long term".m2`,
  '"long term".:MEASUREMENT',
] as const;

function mutating(dice: Dice): string {
  const measured = dice.pick(MEASUREMENTS);
  const quoted = name(dice, measured.name);
  const sources = dice.pick([quoted, quoted, `${quoted}, n`, "/^[mn]/"]);
  const tags = { ...NUMBERLESS, tags: measured.tags };
  switch (dice.upTo(8)) {
    case 1:
    case 2: {
      const filter = dice.pick([
        condition(dice, tags, 2),
        timeRange(dice, dice.once(2)),
        `(${condition(dice, tags, 2)}) AND ${timeRange(dice, false)}`,
      ]);
      return dice.pick([
        `DELETE FROM ${sources} WHERE ${filter}`,
        `DELETE WHERE ${filter}`,
        `DELETE FROM ${sources}`,
      ]);
    }
    case 3:
      return dice.pick([
        `DROP SERIES FROM ${sources} WHERE ${condition(dice, tags, 2)}`,
        `DROP SERIES FROM ${sources}`,
      ]);
    case 4:
      return dice.pick([
        `DROP MEASUREMENT ${quoted}`,
        `DROP RETENTION POLICY "long term" ON ${SCRATCH}`,
        `DROP DATABASE "${SCRATCH}"`,
      ]);
    case 5:
      return `CREATE RETENTION POLICY ${dice.pick(["short", '"a b"'])} ON ${SCRATCH} DURATION ${duration(dice)} REPLICATION ${1 + dice.upTo(2)}${shardDuration(dice)}${dice.pick(["", " DEFAULT"])}`;
    case 6:
      return `ALTER RETENTION POLICY ${dice.pick(["autogen", '"long term"'])} ON ${SCRATCH}${dice.pick([` DURATION ${duration(dice)}`, " REPLICATION 2", " DEFAULT"])}${shardDuration(dice)}`;
    case 7:
      return `CREATE DATABASE ${dice.pick([`${SCRATCH}_new`, `"${SCRATCH} \\"new\\""`])}${dice.pick(["", ` WITH DURATION ${duration(dice)}`, ` WITH REPLICATION 2${shardDuration(dice)} NAME "a b"`])}`;
    case 8:
      return `CREATE CONTINUOUS QUERY ${dice.pick(["cq", '"c q"'])} ON ${SCRATCH}${dice.pick(["", " RESAMPLE EVERY 30m", " RESAMPLE FOR 2d", " RESAMPLE EVERY 90m FOR 1w"])} BEGIN ${select(dice, WORLD, ` INTO ${dice.pick(TARGETS)}`)} END`;
    default:
      return select(dice, WORLD, ` INTO ${dice.pick(TARGETS)}`);
  }
}

const duration = (dice: Dice) => dice.pick(["1d", "INF", "90m", "2w", "36h", "1w3d12h", "7200s"]);
const shardDuration = (dice: Dice) =>
  dice.pick(["", " SHARD DURATION 1h", " SHARD DURATION 1d", " SHARD DURATION 1h30m"]);
