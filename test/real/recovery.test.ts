import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { NO_RELAY } from "../../src/recovery/control.ts";
import type { Scope } from "../../src/recovery/places.ts";
import { ALL_TIME } from "../../src/recovery/windows.ts";
import { requireReal } from "../support/require-real.ts";
import {
  assertSameContents,
  day,
  type RecoveryScene,
  startRecoveryScene,
  writeBytes,
  writeNasty,
} from "./recovery-scene.ts";

/** What must be empty in the report of a recovery that made two servers the same. */
function problems({ equal, differences, schema, notices }: Awaited<ReturnType<RecoveryScene["recover"]>>) {
  return { equal, differences, schema, notices };
}
const HOUR_NS = 3_600_000_000_000n;
const NONE = { equal: true, differences: [], schema: [], notices: [] };

describe("a recovery", { skip: requireReal("influxd") }, () => {
  let scene: RecoveryScene;
  let databases = 0;
  before(async () => {
    scene = await startRecoveryScene();
  });
  after(() => scene?.close());

  /** On both servers, with a policy `days` that may have its own shard duration on each. */
  async function newDatabase(
    shards: readonly [string, string] = ["1d", "1d"],
    duration = "INF",
  ): Promise<string> {
    const db = `db${databases++}`;
    for (const [i, server] of [scene.a, scene.b].entries()) {
      await server.query(`CREATE DATABASE ${db}`);
      await server.query(
        `CREATE RETENTION POLICY days ON ${db} DURATION ${duration} REPLICATION 1 SHARD DURATION ${shards[i]} DEFAULT`,
      );
    }
    return db;
  }

  const recover = (db: string, options: Parameters<RecoveryScene["recover"]>[0] = {}) =>
    scene.recover({ scope: { db }, ...options });
  const points = async (db: string) => [
    await scene.a.points(db, { rp: "days" }),
    await scene.b.points(db, { rp: "days" }),
  ];

  test("builds an empty server, with every value and type as it was", async () => {
    await writeNasty(scene.a);
    assert.deepEqual(problems(await scene.recover()), NONE);
    const same = await assertSameContents(scene.a, scene.b);
    const places = [...same.keys()].filter((key) => key.endsWith("has points"));
    assert.ok(
      places.length > 7 * 30,
      `${places.length} measurements have points, counted in each time shard`,
    );
    await writeBytes(scene.a, "nasty", `_series v=1 ${day(0)}`, "days");
    const again = await scene.recover({ deep: true });
    assert.deepEqual([again.copied.points, again.differing, again.equal], [0, 0, true]);
    assert.deepEqual(again.notices, ["InfluxDB reads nothing from _series of nasty: left out"]);
    await scene.a.query("DROP DATABASE nasty");
    await scene.b.query("DROP DATABASE nasty");
  });

  for (const percent of [50, 100])
    test(`repairs what is missing and changed, and copies little else, in ${percent} % of the time`, () =>
      repairs(percent));

  async function repairs(percent: number): Promise<void> {
    const db = await newDatabase();
    const lines = Array.from(
      { length: 2_000 },
      (_, i) => `m,t=${i % 3} v=${i},w=${i}i ${day(0) + BigInt(i) * 40_000_000_000n}`,
    );
    await writeBytes(scene.a, db, lines.join("\n"));
    await writeBytes(scene.b, db, lines.filter((_, i) => i < 900 || i > 950).join("\n"));
    await writeBytes(scene.b, db, lines.slice(1_500, 1_510).join("\n").replaceAll("v=", "v=-"));
    const report = await scene.recover({ scope: { db } }, { percent });
    assert.deepEqual(problems(report), NONE);
    assert.ok(report.copied.points >= 61 && report.copied.points < 200, `${report.copied.points} points`);
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
  }

  test("tells what only the target has, and deletes it when asked", async () => {
    const db = await newDatabase();
    await writeBytes(
      scene.a,
      db,
      `m,t=a v=1 ${day(0)}\nm,t=a v=2 ${day(0) + 5n}\nm v=3 ${day(0)}\nm,t=both,u=x v=1 ${day(0) + HOUR_NS}`,
    );
    await writeBytes(
      scene.b,
      db,
      [
        `m,t=a v=1,more="x" ${day(0)}`,
        `m,t=a v=9 ${day(0) + 1n}`,
        `m,t=a v=9 ${day(0) + 2n}`,
        `m,t=a v=9 ${day(0) + 7n}`,
        `m v=9 ${day(0) + 1n}`,
        `m,t=both v=9 ${day(0)}`,
        `m,t=both v=9 ${day(0) + 2n * HOUR_NS}`,
        `m,t=it's\\ "a\\b",u=\r v=9 ${day(1)}`,
        `only_here v=1i ${day(2)}`,
      ].join("\n"),
    );
    const report = await recover(db);
    assert.equal(report.equal, false);
    const rows = report.differences.map(({ measurement, rows: counts }) => [measurement, counts]);
    assert.deepEqual(rows, [
      ["m", { missing: 0, changed: 1, extra: 6 }],
      ["m", { missing: 0, changed: 0, extra: 1 }],
      ["only_here", { missing: 0, changed: 0, extra: 1 }],
    ]);
    const pruned = await recover(db, { prune: true });
    assert.deepEqual(problems(pruned), NONE);
    // What is copied again lies near the changed row; a deletion of another series would make it more.
    assert.deepEqual([pruned.copied.pruned, pruned.copied.points], [9, 6]);
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
  });

  test("deletes by tags where a field has the name of one, in whatever policy", async () => {
    const db = await newDatabase();
    for (const server of [scene.a, scene.b]) {
      await writeBytes(server, db, `m,x=a x=1 ${day(0)}\nm,x=a,y=q x=1 ${day(0) + 2n}`, "days");
      await writeBytes(server, db, `m,x=b x=1 ${day(0)}`, "autogen");
    }
    await writeBytes(scene.b, db, `m,x=a x=2 ${day(0) + 1n}\nm,x=b x=2 ${day(0)}`, "days");
    const held: unknown[] = [];
    const hold: typeof NO_RELAY.hold = async (...[, of, rp]) => {
      held.push([of, rp]);
      return async () => {};
    };
    const report = await scene.recover({ scope: { db }, prune: true }, { control: { ...NO_RELAY, hold } });
    // All of its policies.
    assert.deepEqual(held[0], [db, undefined]);
    assert.match(report.differences[0]?.reason ?? "", /1 rows cannot be deleted/);
    assert.deepEqual(await scene.b.points(db), [`m,x=b x=1 ${day(0)}`]);
    const left = [`m,x=a x=1 ${day(0)}`, `m,x=a,y=q x=1 ${day(0) + 2n}`, `m,x=b x=2 ${day(0)}`];
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), left);
  });

  test("deletes no row that it could not write again", async () => {
    const db = await newDatabase();
    for (const [i, server] of [scene.a, scene.b].entries()) {
      await writeBytes(server, db, `from v=1,w=${i + 1} ${day(0)}`);
      // A line would end within that name.
      const more = i === 0 ? "" : ", w";
      await server.query(`SELECT v AS "f\\ng"${more} INTO days.m FROM days."from"`, db);
      await server.query('DROP MEASUREMENT "from"', db);
    }
    const report = await recover(db, { prune: true });
    assert.deepEqual(report.differences[0]?.rows, { missing: 0, changed: 1, extra: 0 });
    assert.match(report.differences[0]?.reason ?? "", /cannot name/);
    const [before] = (await scene.b.query("SELECT * FROM days.m", db))[0]?.series ?? [];
    assert.deepEqual([before?.columns, before?.values?.length], [["time", "f\ng", "w"], 1]);
    for (const server of [scene.a, scene.b]) await server.query(`DROP DATABASE ${db}`);
  });

  test("deletes nothing that another retention policy has at the same times", async () => {
    const db = await newDatabase();
    const kept = `m,t=a v=1 ${day(0)}`;
    for (const server of [scene.a, scene.b]) await writeBytes(server, db, kept, "autogen");
    await writeBytes(scene.b, db, `m,t=a v=2 ${day(0)}\nm,t=b v=2 ${day(0)}`, "days");
    await writeBytes(scene.b, db, `m,t=b v=3 ${day(0)}`, "autogen");
    const report = await recover(db, { prune: true });
    assert.equal(report.equal, false);
    assert.match(report.differences[0]?.reason ?? "", /1 rows cannot be deleted/);
    assert.deepEqual(await scene.b.points(db), [kept]);
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), [`m,t=a v=2 ${day(0)}`]);
  });

  test("goes by the time shards of both servers", async () => {
    for (const shards of [
      ["1d", "6h"],
      ["6h", "1d"],
    ] as const) {
      const db = await newDatabase(shards);
      const hours = Array.from(
        { length: 48 },
        (_, i) => `m,t=${i % 2} v=${i}.5,s="${i}" ${day(0) + BigInt(i) * HOUR_NS}`,
      );
      await writeBytes(scene.a, db, hours.join("\n"));
      await writeBytes(scene.b, db, hours.slice(20, 30).join("\n"));
      assert.deepEqual(problems(await recover(db, { deep: true })).differences, []);
      const [a, b] = await points(db);
      assert.deepEqual(b, a);
    }
  });

  test("knows where nobody can tell whether two servers are equal", async () => {
    const db = await newDatabase(["1h", "1d"]);
    const hour = (at: bigint, lines: string) =>
      writeBytes(scene.a, db, lines.replaceAll(/$/gm, ` ${day(0) + at * HOUR_NS}`));
    await hour(1n, `m v="text"\nn v=1\no v=1`);
    await scene.a.query(`ALTER RETENTION POLICY days ON ${db} SHARD DURATION 1d`);
    await hour(5n, "m v=1\nn v=1\no v=1");
    // A field of another type, but not there.
    await hour(25n, 'n v="text"');
    const blurred = ({ differences }: Awaited<ReturnType<typeof scene.compare>>) =>
      differences.filter(({ reason = "" }) => /time shards overlap/.test(reason));
    for (const isDefault of [true, false]) {
      const policy = isDefault ? "days" : "autogen";
      for (const server of [scene.a, scene.b])
        await server.query(`ALTER RETENTION POLICY ${policy} ON ${db} DEFAULT`);
      const [where, ...more] = blurred(await scene.compare({ scope: { db }, deep: true }));
      assert.deepEqual(
        [where?.measurement, where?.start, where?.end, more.length],
        [...["m", `${day(0) + HOUR_NS}`, `${day(0) + 2n * HOUR_NS}`], 0],
      );
    }
    const report = await recover(db);
    assert.deepEqual([report.equal, blurred(report).length, report.differences.length], [false, 1, 1]);
    const later = { start: day(0) + 2n * HOUR_NS, end: day(1) };
    assert.equal((await recover(db, { scope: { db, span: later } })).equal, true);
  });

  test("says what the target refuses", async () => {
    const db = await newDatabase(["6h", "1d"]);
    await writeBytes(scene.a, db, `m v=1 ${day(0)}`);
    await writeBytes(scene.a, db, `m v=1i ${day(0) + 7n * HOUR_NS}`);
    const report = await recover(db);
    assert.equal(report.equal, false);
    assert.deepEqual(
      report.differences.map(({ rows }) => rows?.missing),
      [1],
    );
    assert.match(
      report.differences[0]?.reason ?? "",
      /^400 partial write: field type conflict: input field "v"/,
    );
    assert.equal(report.copied.rejected, 2, "a second round is tried");
  });

  test("leaves alone what the target's policy does not keep any more", async () => {
    const db = await newDatabase(["1d", "1d"], "INF");
    await scene.b.query(`ALTER RETENTION POLICY days ON ${db} DURATION 2d`);
    const now = BigInt(Date.now()) * 1_000_000n;
    const hours = Array.from({ length: 72 }, (_, i) => `m v=${i} ${now - BigInt(i) * HOUR_NS}`);
    await writeBytes(scene.a, db, hours.join("\n"));
    const report = await recover(db);
    assert.deepEqual(report.differences, []);
    assert.ok(report.expired >= 24 && report.expired <= 25, `${report.expired} expired`);
    const [, b] = await points(db);
    assert.equal(b?.length, 72 - report.expired);
    // The policies are not the same, and a person must say which one is right.
    assert.deepEqual(
      report.schema.map(({ what, kind }) => [what, kind]),
      [["retention policy", "different"]],
    );
    await scene.b.query(`DROP DATABASE ${db}`);
    await scene.a.query(`DROP DATABASE ${db}`);
  });

  test("makes continuous queries and tells of users", async () => {
    const db = await newDatabase();
    const query = `CREATE CONTINUOUS QUERY cq ON ${db} BEGIN SELECT mean(v) INTO ${db}.autogen.mean FROM ${db}.days.m GROUP BY time(1h), * END`;
    await scene.a.query(query);
    await scene.a.query(`CREATE USER bob WITH PASSWORD 'x'`);
    await scene.a.query(`GRANT READ ON ${db} TO bob`);
    const { equal, schema, statements } = await recover(db);
    assert.equal(statements.length, 1);
    assert.deepEqual(
      [equal, schema.map(({ what, name, kind }) => [what, name, kind])],
      [false, [["user", "bob", "missing"]]],
    );
    await scene.b.query(`CREATE USER bob WITH PASSWORD 'y'`);
    const grants = (await recover(db)).schema.map(({ what, name, db: on, source }) => [
      what,
      name,
      on,
      source,
    ]);
    assert.deepEqual(grants, [["grant", "bob", db, "READ"]]);
    await scene.a.query("DROP USER bob");
    await scene.b.query("DROP USER bob");
    assert.deepEqual(problems(await recover(db)), NONE);
  });

  test("a dry run changes nothing", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, `m v=1 ${day(0)}\nm v=2 ${day(1)}`);
    await scene.a.query(`CREATE DATABASE ${db}_more`);
    const report = await recover(db, { dryRun: true });
    assert.deepEqual([report.equal, report.pointsToCopy, report.copied.points], [false, 2, 0]);
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), []);
    const more = await recover(`${db}_more`, { dryRun: true });
    assert.equal(more.statements.length, 1);
    assert.ok(!(await scene.b.queryText("SHOW DATABASES")).includes("_more"));
  });

  test("what sums do not show, a deep comparison does", async () => {
    const db = await newDatabase();
    const lines = (text: string, flag: string) =>
      `m,t=a s="${text}",f=${flag},v=1 ${day(0)}\nm,t=b s="same" ${day(0)}`;
    await writeBytes(scene.a, db, lines("new", "true"));
    await writeBytes(scene.b, db, lines("old", "false"));
    assert.equal((await scene.compare({ scope: { db } })).equal, true);
    const deep = await scene.compare({ scope: { db }, deep: true });
    assert.deepEqual(deep.differences[0]?.rows, { missing: 0, changed: 1, extra: 0 });
    assert.deepEqual(problems(await recover(db, { deep: true })), NONE);
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
  });

  test("a type that only one server has in a field is found without a deep comparison", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, `m s="1" ${day(0)}`);
    await writeBytes(scene.b, db, `m s=true ${day(0)}`);
    const { differences } = await scene.compare({ scope: { db } });
    assert.deepEqual(differences[0]?.rows, { missing: 0, changed: 1, extra: 0 });
    await scene.a.query(`DROP DATABASE ${db}`);
    await scene.b.query(`DROP DATABASE ${db}`);
  });

  test("compares series in the order that InfluxDB gives them, whatever is in their tags", async () => {
    const db = await newDatabase();
    const values = ["", "a", "a\0", "a\0\0", "\0", "\0b", "a\0b", "\x01", "a\x01", "b"];
    const tag = (key: string, value = "") => (value === "" ? "" : `,${key}=${value}`);
    const lines = values.flatMap((x) => values.map((y) => `m${tag("x", x)}${tag("y", y)} v=1 ${day(0)}`));
    // Of two series whose tags are the same when NUL joins them, InfluxDB makes one.
    const told = new Map(lines.map((line, i) => [`${values[Math.floor(i / 10)]}\0${values[i % 10]}`, line]));
    await writeBytes(scene.a, db, [...told.values()].join("\n"));
    await writeBytes(scene.b, db, [...told.values()].filter((_, i) => i % 3 > 0).join("\n"));
    await writeBytes(scene.b, db, `m,w=\0,x=a v=1 ${day(0)}`);
    const { differences } = await recover(db, { deep: true });
    assert.deepEqual(
      differences.map(({ rows }) => rows),
      [{ missing: 0, changed: 0, extra: 1 }],
    );
  });

  test("looks only at the times and names that it is told", async () => {
    const db = await newDatabase();
    const lines = [0, 1, 2].flatMap((at) => [`m v=1 ${day(at)}`, `n v=1 ${day(at)}`]);
    await writeBytes(scene.a, db, lines.join("\n"));
    await recover(db, { scope: { db, measurement: "m", span: { start: day(1), end: day(2) } } });
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), [`m v=1 ${day(1)}`]);
    await recover(db, { scope: { db, rp: "autogen" } });
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), [`m v=1 ${day(1)}`]);
    assert.deepEqual(problems(await recover(db)), NONE);
  });

  test("forgets what was lost or suspect as far as it compared it, and no more", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, `m v=1 ${day(1)}`);
    const range = (of: string, rp: string) => ({ db: of, rp, min: day(0), max: day(3) });
    const ranges = [range(db, "days"), range(db, ""), range("other", "days"), range("*", "*")];
    const forgottenBy = async (scope: Scope) => {
      let forgotten: readonly object[] = [];
      const repaired = async (_: string, all: readonly object[]) => {
        forgotten = all;
      };
      const control = { ...NO_RELAY, suspects: async () => ranges, repaired };
      assert.equal((await scene.recover({ scope }, { control })).equal, true);
      return forgotten;
    };
    assert.deepEqual(await forgottenBy({ db }), [range(db, "days"), range(db, "")]);
    assert.deepEqual(await forgottenBy({ db, rp: "days" }), [range(db, "days")]);
    assert.deepEqual(await forgottenBy({ db, rp: "days", span: { start: day(1), end: day(2) } }), [
      { ...range(db, "days"), min: day(1), max: day(2) - 1n },
    ]);
    assert.deepEqual(await forgottenBy({ db, span: { start: day(4), end: day(5) } }), []);
    assert.deepEqual(await forgottenBy({ db, measurement: "m" }), []);
    // Nothing is left beyond the times that points may have.
    const always = { db, rp: "days", min: -(2n ** 63n), max: 2n ** 63n - 1n };
    ranges.splice(0, 1, always);
    const [before, after] = [
      { start: ALL_TIME.start, end: day(1) },
      { start: day(1), end: ALL_TIME.end },
    ];
    const of = { db, rp: "days" };
    assert.deepEqual(await forgottenBy({ ...of, span: before }), [{ ...always, max: day(1) - 1n }]);
    assert.deepEqual(await forgottenBy({ ...of, span: after }), [{ ...always, min: day(1) }]);
  });
});
