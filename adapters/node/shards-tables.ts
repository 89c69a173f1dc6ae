import type { MoveReport, PlacementReport, SpreadReport } from "../../src/recovery/shard-reports.ts";
import type { Amount, KeyAmount } from "../../src/shard/plan.ts";
import { table } from "./text-table.ts";

/** How data would spread, for people. */
export function previewText(report: SpreadReport): string {
  const { shards, total, withoutTag, largest, map } = report;
  const rows = shards.map(({ shard, weight, ...amount }) => [
    ...[shard, count(weight)],
    ...amountCells(amount, report),
    share(amount, total, report),
  ]);
  const head = ["SHARD", "WEIGHT", ...amountHead(report), "SHARE"];
  const parts = [heading(report), table([head, ...rows])];
  if (withoutTag !== undefined) {
    const { series, points } = withoutTag;
    const of = report.pointsCounted ? `${count(points)} of ${count(total.points)} points` : "";
    const words = [`${count(series)} of ${count(total.series)} series`, of].filter((text) => text !== "");
    parts.push(`Without the tag: ${words.join(", ")}.\n`);
  }
  parts.push(
    largestText(
      report,
      ["SHARD"],
      largest.map(({ key, shard, ...amount }) => ({ key, amount, more: [shard] })),
    ),
    `Map ${map}: the hash that /status and the relay's log show.\n`,
  );
  return joined(report, parts);
}

/** What would move, for people. */
export function planText(report: MoveReport): string {
  const { moves, moved, total, shards, largest, before, after } = report;
  const head = ["SHARD", "SHARE NOW", "SHARE THEN"];
  const rows = shards.map((one) => [
    one.shard,
    share(one.before, total, report),
    share(one.after, total, report),
  ]);
  const parts = [heading(report), table([head, ...rows])];
  if (moves.length === 0) return joined(report, [...parts, "Nothing moves.\n"]);
  const ways = moves.map(({ from, to, ...amount }) => [
    ...[from, to],
    ...amountCells(amount, report),
    share(amount, total, report),
  ]);
  parts.push(
    table([["FROM", "TO", ...amountHead(report), "SHARE"], ...ways]),
    `${keys(moved, report)} of ${keys(total, report)} keys move: ${share(moved, total, report)} of the ${unit(report)}. ` +
      `Until it is moved, nobody finds through the relay what is stored of them.\n`,
    largestText(
      report,
      ["FROM", "TO"],
      largest.map(({ key, from, to, ...amount }) => ({ key, amount, more: [from, to] })),
    ),
    `Map ${before} becomes ${after}.\n`,
  );
  return joined(report, parts);
}

/** What is not where it belongs, for people. */
export function checkText({ ok, servers, misplaced, omittedSeries, map }: PlacementReport): string {
  const rows = servers.map(({ server, shard, series, misplacedSeries, missingDatabases, failed }) => [
    ...[server, shard, count(series), count(misplacedSeries)],
    failed ?? (missingDatabases.length === 0 ? "" : `has no database ${missingDatabases.join(", ")}`),
  ]);
  const parts = [table([["SERVER", "SHARD", "SERIES", "MISPLACED", ""], ...rows])];
  if (misplaced.length > 0) {
    const list = misplaced.map(({ server, db, measurement, key, belongsTo, series }) => [
      ...[server, db, measurement, quoted(key), belongsTo, count(series)],
    ]);
    parts.push(table([["SERVER", "DATABASE", "MEASUREMENT", "KEY", "BELONGS TO", "SERIES"], ...list]));
  }
  if (omittedSeries > 0) parts.push(`... and ${count(omittedSeries)} series more\n`);
  parts.push(`${ok ? "All is where it belongs" : "Not all is as it should be"}, by the map ${map}.\n`);
  return parts.join("\n");
}

interface Counted {
  readonly pointsCounted: boolean;
  readonly exactKeys: boolean;
}

const heading = ({ servers, databases, shardBy }: SpreadReport | MoveReport): string =>
  `Asked ${servers.join(", ")}; by ${shardBy.join(", ")}; ${databases.length === 0 ? "no databases" : `databases ${databases.join(", ")}`}.\n`;

const joined = ({ notices, exactKeys }: SpreadReport | MoveReport, parts: readonly string[]): string =>
  [
    ...parts,
    ...notices.map((notice) => table([[`Note: ${notice}`]])),
    ...(exactKeys
      ? []
      : [
          "Note: there are too many keys to hold: ~ marks estimates, and the largest keys have at least that.\n",
        ]),
  ].join("\n");

const amountHead = ({ pointsCounted }: Counted): string[] => [
  ...["KEYS", "SERIES"],
  ...(pointsCounted ? ["POINTS"] : []),
];

const amountCells = (amount: KeyAmount, counted: Counted): string[] => [
  keys(amount, counted),
  ...plainCells(amount, counted),
];

const plainCells = ({ series, points }: Amount, { pointsCounted }: Counted): string[] => [
  count(series),
  ...(pointsCounted ? [count(points)] : []),
];

function largestText(
  counted: Counted,
  head: readonly string[],
  largest: readonly { readonly key: string; readonly amount: Amount; readonly more: readonly string[] }[],
): string {
  const rows = largest.map(({ key, amount, more }) => [...plainCells(amount, counted), ...more, quoted(key)]);
  const columns = [...amountHead(counted).slice(1), ...head, "LARGEST KEYS"];
  return rows.length === 0 ? "There is no data.\n" : table([columns, ...rows]);
}

const unit = ({ pointsCounted }: Counted): string => (pointsCounted ? "points" : "series");

/** Of the points, or of the series where no points were counted. */
function share(part: Amount, whole: Amount, counted: Counted): string {
  const [of, all] = counted.pointsCounted ? [part.points, whole.points] : [part.series, whole.series];
  return all === 0 ? "-" : `${((100 * of) / all).toFixed(1)} %`;
}

const keys = ({ keys: number }: KeyAmount, { exactKeys }: Counted): string =>
  `${exactKeys ? "" : "~"}${count(number)}`;

const count = (value: number): string => value.toLocaleString("en");
/** An empty key, of points without the tag, is seen so. */
const quoted = (key: string): string => JSON.stringify(key);
