import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseConfig } from "../../src/config/parse.ts";
import type { MoveReport, PlacementReport, SpreadReport } from "../../src/recovery/shard-reports.ts";
import { ShardMap } from "../../src/shard/map.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { requireReal } from "../support/require-real.ts";
import { createRecoveryCommand, type RecoveryCommand } from "./recovery-command.ts";

const USER = { username: "admin", password: "canary-secret" };
const HOUR_NS = 3_600_000_000_000n;
const START_NS = 1_785_715_200_000_000_000n;

/** Customers with as many points as their number says, on two days; one has names that line protocol must escape. */
const CUSTOMERS = [...Array.from({ length: 20 }, (_, i) => `c${i + 1}`), "a\\,b\\ c\\=d"];
const POINTS = CUSTOMERS.reduce((sum, _, i) => sum + i + 1, 0);

function lines(): string[] {
  return [
    ...CUSTOMERS.flatMap((customer, i) =>
      Array.from(
        { length: i + 1 },
        (_, at) =>
          `cpu,customer_id=${customer},host=h${at % 2} v=${at},w=1i ${START_NS + BigInt(at) * 5n * HOUR_NS}`,
      ),
    ),
    `mem v=1 ${START_NS}`,
    `mem,host=x v=1 ${START_NS}`,
  ];
}

function configText(servers: readonly RealInfluxdb[]): string {
  const output = (i: number, name = `o${i}`) =>
    `{ name = "${name}", location = "${servers[i]?.url}/write", username = "admin", password = "canary-secret" }`;
  const shards = [0, 1].map((i) => `[[http.shard]]\nname = "s${i + 1}"\noutput = [${output(i)}]\n`).join("");
  return `[[http]]
name = "plain"
bind-addr = "127.0.0.1:0"
output = [${output(2)}]

[[http]]
name = "namesake"
bind-addr = "127.0.0.1:0"
output = [${output(0, "o2")}]

[[http]]
name = "sharded"
bind-addr = "127.0.0.1:0"
shard-by = "tag:customer_id"
pin = { c20 = "s2" }
${shards}`;
}

describe("the commands shards preview, plan and check", { skip: requireReal("influxd") }, () => {
  let servers: RealInfluxdb[] = [];
  let command: RecoveryCommand;
  let map: ShardMap;
  const ownerOf = (customer: string) => map.shards[map.owner([customer.replaceAll("\\", "")])];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => startRealInfluxdb({ admin: USER })));
    const config = configText(servers);
    const { http } = parseConfig(config, { name: "", env: () => undefined, readFile: () => "" });
    map = new ShardMap(http.at(-1)?.sharding as never);
    for (const server of servers) await server.query("CREATE DATABASE d WITH SHARD DURATION 1d NAME days");
    await servers[2]?.write("d", lines().join("\n"));
    for (const [i, shard] of ["s1", "s2"].entries()) {
      const own = lines().filter(
        (line) => ownerOf(/customer_id=((?:\\.|[^, ])*)/.exec(line)?.[1] ?? "") === shard,
      );
      await servers[i]?.write("d", own.join("\n"));
    }
    command = createRecoveryCommand(config);
  });
  after(async () => {
    command?.close();
    await Promise.all(servers.map((server) => server.close()));
  });

  async function report<T>(code: number, ...args: string[]): Promise<T> {
    const ended = await command.run("shards", ...args, "--json");
    assert.equal(ended.code, code, ended.stdout + ended.stderr);
    assert.doesNotMatch(ended.stdout + ended.stderr, /canary/);
    return JSON.parse(ended.stdout) as T;
  }

  test("a preview of an unsharded server counts what the map would give each shard", async () => {
    const key = ["--shard-by", "tag:customer_id", "--shards", "s1,s2"];
    const found = await report<SpreadReport>(0, "preview", "--listener", "plain", ...key);
    assert.deepEqual(found.total, {
      keys: CUSTOMERS.length + 1,
      series: 2 * CUSTOMERS.length + 1,
      points: POINTS + 2,
    });
    assert.deepEqual(found.withoutTag, { series: 2, points: 2 });
    assert.deepEqual(
      found.largest.slice(0, 2).map(({ key, points }) => [key, points]),
      [
        ["a,b c=d", 21],
        ["c20", 20],
      ],
    );
    const other = await command.run("shards", "preview", "--from", "o2", ...key);
    assert.equal(other.code, 0, other.stderr);
    assert.match(other.stdout, /^SHARD +WEIGHT +KEYS +SERIES +POINTS +SHARE$/m);
    assert.match(other.stdout, /^Without the tag: 2 of 43 series, 2 of 233 points\.$/m);
    assert.match(other.stdout, /^2 +21 +s\d +"a,b c=d"$/m);
  });

  test("of outputs with one name each is asked by the name that it has everywhere", async () => {
    const key = ["preview", "--shard-by", "tag:customer_id", "--shards", "s1", "--series-only"];
    const [plain, namesake] = await Promise.all(
      ["o2", "namesake.o2"].map((name) => report<SpreadReport>(0, ...key, "--from", name)),
    );
    assert.deepEqual([plain?.servers, namesake?.servers], [["o2"], ["namesake.o2"]]);
    assert.ok((namesake?.total.keys ?? 0) < (plain?.total.keys ?? 0));
    const unknown = await command.run("shards", ...key, "--from", "o3");
    assert.deepEqual(
      [unknown.code, unknown.stderr],
      [2, "--from o3: no output has this name; there are o2, namesake.o2, o0, o1\n"],
    );
  });

  test("the preview of a sharded listener is what its shards have", async () => {
    const found = await report<SpreadReport>(0, "preview", "--listener", "sharded");
    for (const [i, { points, shard }] of found.shards.entries()) {
      const [result] = (await servers[i]?.query("SELECT count(v) FROM /.*/", "d")) ?? [];
      const stored = (result?.series ?? []).reduce((sum, { values }) => sum + Number(values?.[0]?.[1]), 0);
      assert.ok(stored > 0);
      assert.equal(points, stored, shard);
    }
    assert.equal(found.map, map.hash);
  });

  test("points are counted since a time, or not at all, and another key counts otherwise", async () => {
    const key = ["preview", "--listener", "plain", "--shards", "s1,s2=2"];
    const late = await report<SpreadReport>(0, ...key, "--shard-by", "tag:host", "--since", "2026-08-04");
    assert.ok(late.total.points > 0 && late.total.points < POINTS, String(late.total.points));
    const few = await report<SpreadReport>(0, ...key, "--shard-by", "db,measurement", "--series-only");
    assert.deepEqual([few.total.keys, few.total.points, few.withoutTag], [2, 0, undefined]);
    assert.deepEqual(
      few.largest.map(({ key }) => key),
      ["d,cpu", "d,mem"],
    );
    const gone = await command.run("shards", ...key, "--shard-by", "db", "--db", "none");
    assert.deepEqual([gone.code, gone.stderr], [2, "--db none: no server has it\n"]);
  });

  test("a plan lists what moves when a shard comes", async () => {
    const found = await report<MoveReport>(0, "plan", "--add", "s3");
    assert.ok(found.moved.keys > 0 && found.moves.every(({ to }) => to === "s3"));
    assert.equal(found.total.points, POINTS + 2);
    const third = found.shards.find(({ shard }) => shard === "s3");
    assert.deepEqual([third?.before.keys, third?.after], [0, found.moved]);
    const same = await command.run("shards", "plan", "--weight", "s1=1");
    assert.match(same.stdout, /^Nothing moves\.$/m);
    const pinned = await command.run("shards", "plan", "--remove", "s2");
    assert.equal(pinned.code, 2);
    assert.match(pinned.stderr, /"c20" is pinned to s2: write a config .* with --to/);
  });

  test("check finds what is on a server of another shard, and a database that is missing", async () => {
    const fine = await command.run("shards", "check");
    assert.equal(fine.code, 0, fine.stdout + fine.stderr);
    assert.match(fine.stdout, /^All is where it belongs, by the map [0-9a-f]{16}\.$/m);

    await servers[0]?.write(
      "d",
      `cpu,customer_id=c20,host=h0 v=1 ${START_NS}\nesc\x1b[2J,customer_id=c20 v=1`,
    );
    await servers[1]?.query("CREATE DATABASE only_here");
    const found = await report<PlacementReport>(1, "check");
    assert.deepEqual(found.misplaced[0], {
      ...{ server: "o0", shard: "s1", db: "d", measurement: "cpu", key: "c20", belongsTo: "s2", series: 1 },
    });
    assert.deepEqual(
      found.servers.map(({ misplacedSeries, missingDatabases }) => [misplacedSeries, missingDatabases]),
      [
        [2, ["only_here"]],
        [0, []],
      ],
    );
    const { stdout } = await command.run("shards", "check");
    assert.match(stdout, /^o0 +d +cpu +"c20" +s2 +1$/m);
    assert.doesNotMatch(stdout, /\x1b/);
  });
});
