import { ask, type ShardedScene } from "./sharded-scene.ts";

/** Where most shards lack most fields. */
export const GAPS = "gaps";

const START = 1_710_000_000n;
const SECOND = 1_000_000_000n;

/** Host h1 has fields of each type, h2 others; h3 is of one customer only, and so are its fields. */
function lines(): readonly string[] {
  const at = (seconds: number) => (START + BigInt(seconds)) * SECOND;
  const written: string[] = [];
  for (const k of [0, 1, 2]) {
    for (const c of [0, 1, 2, 3, 4, 5]) {
      const fields = `fi=${c * 7 + k}i,ff=${c}.25,s="s${c}",b=${c % 2 === 0},x=1i`;
      written.push(`m,customer_id=c${c},host=h1 ${fields} ${at(100 * k + c)}`);
      written.push(`m,customer_id=c${c},host=h2 x=${c}i,y=1.5 ${at(100 * k + c + 20)}`);
    }
    const fields = `oi=${k + 5}i,of=${k}.5,os="only",ob=true`;
    written.push(`m,customer_id=c1,host=h3 ${fields} ${at(100 * k + 10)}`);
  }
  return written;
}

const DURING = `FROM m WHERE time >= ${START}s AND time < ${START + 300n}s`;
const INNER = `${DURING} GROUP BY customer_id, host`;
const OUTER = `WHERE time >= ${START}s AND time < ${START + 300n}s`;

/** Columns of every type, and of none, in series and intervals without them. */
export const FILLING: readonly string[] = [
  `SELECT count(x), max(fi), sum(fi), first(fi), last(fi), count(fi), mean(fi) ${DURING} GROUP BY time(100s), host`,
  `SELECT count(x), max(ff), sum(ff), first(ff), last(ff), count(ff), mean(ff) ${DURING} GROUP BY time(50s), host`,
  `SELECT count(x), max(b), first(b), last(s), mode(s), mode(fi), count(b), min(b) & true ${DURING} GROUP BY time(50s), host`,
  `SELECT count(x), spread(fi), median(fi), stddev(fi), percentile(fi, 50), count(distinct(fi)) ${DURING} GROUP BY host`,
  `SELECT count(x), derivative(mean(fi)), difference(max(fi)), moving_average(max(fi), 2), elapsed(max(fi)) ${DURING} GROUP BY time(100s), host`,
  `SELECT count(x), min(fi) + 1, min(fi) / 2, min(fi) + min(ff), abs(min(fi)) ${DURING} GROUP BY time(100s), host`,
  `SELECT count(x), max(oi), max(of), first(os), max(nope), count(nope), mean(nope), max(host) ${DURING} GROUP BY host`,
  `SELECT max(fi), max(nope), max(nope) + 1 ${DURING} GROUP BY time(50s)`,
  `SELECT count(x), max(oi::field), max(fi::float), max(ff::integer) ${DURING} GROUP BY host`,
  `SELECT count(x), max(oi), max(of), first(os), max(nope) ${DURING} GROUP BY time(100s), customer_id`,
  `SELECT min(x), fi, ff, s, b, oi, host, nope ${DURING} GROUP BY time(50s)`,
  `SELECT min(x), fi, ff, y ${DURING} GROUP BY host`,
  `SELECT x, oi, of, os, ob, oi + 1, nope ${DURING}`,
  `SELECT x, oi, of ${DURING} GROUP BY customer_id`,
  `SELECT * ${DURING}`,
  `SELECT max(*) ${DURING} GROUP BY time(50s), host`,
  `SELECT top(x, 2), oi, of, nope, oi + 1 ${DURING} GROUP BY time(50s), host`,
  `SELECT bottom(x, host, 2), oi, of ${DURING}`,
  `SELECT x, oi, os FROM (SELECT * ${DURING} GROUP BY customer_id) ${OUTER}`,
  `SELECT max(x), fi, host FROM (SELECT x, fi FROM m GROUP BY customer_id, host) ${OUTER} GROUP BY time(50s), host`,
  `SELECT count(x), max(a), max(b), max(c), max(d) FROM (SELECT x, fi / 2 AS a, fi + 1.5 AS b, sqrt(fi) AS c, nope + fi AS d ${INNER}) ${OUTER} GROUP BY time(100s), host`,
  `SELECT count(x), max(d), max(m), max(c) FROM (SELECT max(x) AS x, derivative(max(fi)) AS d, mean(fi) AS m, count(fi) AS c ${INNER}, time(100s) fill(none)) ${OUTER} GROUP BY time(100s), host`,
].flatMap((q) => [`${q} fill(2.5)`, `${q} fill(3)`]);

/** Rows that have no value where a shard does not know the field. */
export const EMPTY_ROWS: readonly string[] = [
  `SELECT a, host FROM (SELECT x, oi AS a ${DURING} GROUP BY customer_id)`,
  `SELECT a + 1 FROM (SELECT x, b AS a, oi ${DURING})`,
];

/** Over the data set, where only the day before has points, which a difference looks back at. */
export const LOOKING_BACK: readonly string[] = [
  "SELECT min(line), derivative(spread(line), 1h), last(msg) FROM logs WHERE time > '2024-03-10' AND time < '2024-03-12'",
  "SELECT min(line), moving_average(max(line), 2) FROM logs WHERE time > '2024-03-10' AND time < '2024-03-12'",
  "SELECT min(line), cumulative_sum(max(line)) FROM logs WHERE time > '2024-03-10' AND time < '2024-03-12'",
  "SELECT difference(max(*)) FROM logs WHERE time > '2024-03-10' AND time < '2024-03-12'",
].map((q) => `${q} GROUP BY time(1d) fill(2.5)`);

export async function writeGaps({ whole, relay, shards }: ShardedScene): Promise<void> {
  for (const url of [whole.url, ...Object.keys(shards).map((listener) => relay.url(listener))]) {
    await ask(url, { q: `CREATE DATABASE ${GAPS}`, db: "" });
    const { status } = await fetch(`${url}/write?db=${GAPS}`, { method: "POST", body: lines().join("\n") });
    if (status !== 204) throw new Error(`the points were answered with ${status}`);
  }
}
