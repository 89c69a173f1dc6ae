import assert from "node:assert/strict";
import { test } from "node:test";
import { StoppedSpool } from "../../src/admin/stopped-spool.ts";
import type { SpoolConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/observe/log.ts";
import type { SpoolRoot } from "../../src/platform.ts";
import type { BackendSpool, SpoolLog } from "../../src/spool/log.ts";
import { Spools } from "../../src/spool/spools.ts";
import { statementRecord } from "../../src/spool/statement.ts";
import { keptIn, pendingOf } from "../../src/spool/undelivered.ts";
import { SPOOL } from "../backend/replica-set.ts";
import { newRecord, store } from "../spool/log-conformance.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { createTestPlatform } from "../support/test-platform.ts";

/** Segments of 512 bytes, so that few records fill several. */
const CONFIG: SpoolConfig = { ...SPOOL, maxSize: 4096, holdMaxSize: 4096, deadLetterMaxSize: 4096 };
const platform = createTestPlatform();
const { clock } = platform;
const log = createLog(platform.log, clock);

function inDatabase(db: string, body: string, rp = "") {
  return newRecord(body, { destination: { db, rp, precision: "", credentials: undefined } });
}

/** Does something with what is stored for the backend `b`, as a relay would, and closes it. */
async function fill(
  files: CrashableFiles,
  use: (spool: BackendSpool) => Promise<unknown>,
  config = CONFIG,
): Promise<void> {
  const spools = await Spools.open({ root: await files.open(), config, clock, log });
  const spool = await spools.backend("b");
  await use(spool);
  for (const part of [spool.main, spool.hold, spool.dead, spool.facts]) await part.close();
  await spools.close();
}

/** Opens it with the commands, uses it, and gives it back. */
async function withSpool<T>(
  files: CrashableFiles,
  use: (spool: StoppedSpool) => Promise<T>,
  options: {
    readonly outputs?: readonly string[];
    readonly config?: SpoolConfig;
    readonly root?: SpoolRoot;
  } = {},
): Promise<T> {
  const root = options.root ?? (await files.open());
  const { outputs = ["b"], config = CONFIG } = options;
  const spool = await StoppedSpool.open({ root, config, outputs, clock, log: platform.log });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}

async function pendingIn(log: SpoolLog, name: string, { facts }: BackendSpool): Promise<string[]> {
  const texts: string[] = [];
  for await (const { body } of pendingOf(await keptIn(log, name, facts))) {
    texts.push(new TextDecoder().decode(body));
  }
  return texts;
}

test("only what is behind the cursor, and behind the position of its lane, is kept", async () => {
  const files = new CrashableFiles();
  await fill(files, async ({ main, facts }) => {
    for (let i = 0; i < 40; i++) await store(main, inDatabase(i % 2 === 0 ? "even" : "odd", `m v=1 ${i}`));
    await facts.set("main", { cursor: 10, lanes: [["odd", "", 30]] });
  });
  await withSpool(files, async (spool) => {
    const [report] = await spool.list();
    assert.equal(report?.backlog?.records, 20);
    const { records } = await spool.show("b", "backlog", 100);
    assert.equal(records.length, 20);
    assert.deepEqual(
      records.slice(0, 2).map(({ db, preview }) => [db, preview]),
      [
        ["even", "m v=1 10"],
        ["even", "m v=1 12"],
      ],
    );
    assert.equal(await spool.count("b", "backlog", { db: "odd" }), 5);
    assert.equal(await spool.drop("b", "backlog", { db: "odd" }), 5);
  });
  await withSpool(files, async (spool) => {
    const { records } = await spool.show("b", "backlog", 100);
    assert.deepEqual([records.length, records.every(({ db }) => db === "even")], [15, true]);
  });
});

test("a drop of one database keeps the others where they are, and frees what nobody needs", async () => {
  const files = new CrashableFiles();
  await fill(files, async ({ main }) => {
    for (let i = 0; i < 60; i++) await store(main, inDatabase(i < 30 ? "old" : "new", `m v=1 ${i}`));
    for (let i = 60; i < 64; i++) await store(main, inDatabase("old", `m v=1 ${i}`, "week"));
  });
  await withSpool(files, async (spool) => {
    const [before] = await spool.list();
    assert.equal(await spool.drop("b", "backlog", { db: "old", rp: "" }), 30);
    const [after] = await spool.list();
    assert.ok((after?.backlog?.bytes ?? 0) < (before?.backlog?.bytes ?? 0));
    assert.deepEqual(after?.lost, [{ db: "old", rp: "", min: "0", max: "29" }]);
  });
  await fill(files, async (spool) => {
    const left = await pendingIn(spool.main, "main", spool);
    assert.deepEqual([left.length, left[0], left.at(-1)], [34, "m v=1 30", "m v=1 63"]);
    await store(spool.main, inDatabase("old", "m v=1 100"));
    assert.equal((await pendingIn(spool.main, "main", spool)).at(-1), "m v=1 100");
  });
  await withSpool(files, async (spool) => {
    assert.equal(await spool.drop("b", "backlog", {}), 35);
    assert.equal(await spool.drop("b", "backlog", {}), 0);
    const [report] = await spool.list();
    assert.deepEqual(
      report?.lost?.map(({ db, rp, min, max }) => [db, rp, min, max]),
      [
        ["old", "", "0", "100"],
        ["new", "", "30", "59"],
        ["old", "week", "60", "63"],
      ],
    );
  });
});

test("dead letters are replayed once, also those of one database, and the others stay", async () => {
  const files = new CrashableFiles();
  const note = JSON.stringify({ reason: "rejected", status: 400, error: "no" });
  await fill(files, async ({ dead }) => {
    for (const db of ["x", "y", "x"]) await store(dead, { ...inDatabase(db, `m db="${db}" 1`), note });
  });
  await withSpool(files, async (spool) => assert.equal(await spool.replay("b", { db: "x" }), 2));
  await withSpool(files, async (spool) => {
    assert.equal(await spool.replay("b", { db: "x" }), 0);
    const { records } = await spool.show("b", "dead", 10);
    assert.deepEqual(
      records.map(({ db, reason, status, error }) => [db, reason, status, error]),
      [["y", "rejected", 400, "no"]],
    );
    assert.equal(await spool.drop("b", "dead", {}), 1);
  });
  await fill(files, async (spool) => {
    assert.deepEqual(await pendingIn(spool.main, "main", spool), ['m db="x" 1', 'm db="x" 1']);
    assert.deepEqual(await pendingIn(spool.dead, "dead", spool), []);
  });
});

test("looking after a power cut writes down first that what is kept may overtake what was delivered", async () => {
  const config: SpoolConfig = { ...CONFIG, fsync: "never" };
  const files = new CrashableFiles();
  await fill(files, async ({ main }) => await store(main, inDatabase("d", "m v=1 7")), config);
  const root = await files.open();
  // As it is told after the machine stopped.
  const after: SpoolRoot = { ...root, lastEnd: "lost" };
  const [report] = await withSpool(files, (spool) => spool.list(), { root: after, config });
  assert.deepEqual(report?.suspect, [{ db: "d", rp: "", min: "7", max: "7" }]);
  await fill(files, async ({ facts }) => {
    assert.deepEqual(facts.get("ranges"), { lost: [], suspect: [["d", "", "7", "7"]] });
  });
});

test("where facts are damaged nothing counts as delivered, and verify tells it", async () => {
  const files = new CrashableFiles();
  await fill(files, async ({ main, facts }) => {
    await store(main, inDatabase("d", "m v=1 1"));
    await facts.set("main", { cursor: 1, lanes: [] });
    await facts.set("last", 1);
  });
  const directory = files.directory("b");
  const journal = await directory.open("facts.journal");
  const size = (await directory.list()).find(({ name }) => name === "facts.journal")?.size ?? 0;
  await journal.truncate(size - 3);
  await journal.append([new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])]);
  await journal.close();
  await withSpool(files, async (spool) => {
    const { factsIntact } = await spool.verify("b");
    assert.equal(factsIntact, false);
    const [report] = await spool.list();
    assert.equal(report?.backlog?.records, 1);
    assert.deepEqual(report?.suspect, [{ db: "d", rp: "", min: "1", max: "1" }]);
  });
});

test("verify counts the records that damage took", async () => {
  const files = new CrashableFiles();
  await fill(files, async ({ main }) => {
    for (let i = 0; i < 20; i++) await store(main, inDatabase("d", `m text="${"x".repeat(60)}" ${i}`));
  });
  const directory = files.directory("b");
  const [first] = (await directory.list())
    .filter(({ name }) => name.startsWith("main"))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.ok(first);
  const file = await directory.open(first.name);
  const bytes = await file.read(0, first.size);
  bytes[300] = (bytes[300] as number) ^ 0xff;
  await file.truncate(0);
  await file.append([bytes]);
  await file.close();
  await withSpool(files, async (spool) => {
    const { parts } = await spool.verify("b");
    assert.deepEqual(
      parts.map(({ part, records, damaged }) => [part, records, damaged]),
      [
        ["backlog", 19, 1],
        ["held", 0, 0],
        ["dead", 0, 0],
      ],
    );
    assert.equal(await spool.drop("b", "backlog", {}), 19);
    const [report] = await spool.list();
    assert.deepEqual(
      report?.lost?.map(({ db }) => db),
      ["*", "d"],
    );
  });
});

test("what is stored for a server that left the config is marked, and can be dropped", async () => {
  const files = new CrashableFiles();
  await fill(files, async ({ main }) => await store(main, inDatabase("d", "m v=1 1")));
  await withSpool(
    files,
    async (spool) => {
      const reports = await spool.list();
      assert.deepEqual(
        reports.map(({ name, orphan, backlog }) => [name, orphan, backlog?.records]),
        [
          ["a", false, 0],
          ["b", true, 1],
        ],
      );
      assert.equal(await spool.drop("b", "backlog", {}), 1);
      assert.equal(await spool.drop("a", "backlog", {}), 0);
      await assert.rejects(spool.drop("c", "backlog", {}), { reason: "unknown" });
    },
    { outputs: ["a"] },
  );
});

test("a spool that cannot be opened keeps what it has to tell about the last end", async () => {
  const files = new CrashableFiles();
  await fill(files, async ({ main }) => await store(main, inDatabase("d", "m v=1 1")));
  for (const [lastEnd, closes] of [
    ["lost", 0],
    ["closed", 1],
  ] as const) {
    let closed = 0;
    const root: SpoolRoot = {
      lastEnd,
      list: async () => ["b"],
      directory: () => Promise.reject(new Error("no")),
      freeBytes: async () => undefined,
      close: async () => {
        closed++;
      },
    };
    await assert.rejects(
      withSpool(files, (spool) => spool.list(), { root }),
      { message: "no" },
    );
    assert.equal(closed, closes, lastEnd);
  }
});

test("statements are listed, dropped and replayed like writes, and their databases lost as a whole", async () => {
  const files = new CrashableFiles();
  const change = (text: string, scope: readonly string[] | undefined) => ({
    ...{ text, db: "d", rp: "", scope, hasPassword: false, credentials: undefined, timeoutMs: 1_000 },
  });
  await fill(files, async ({ main, dead }) => {
    await store(main, inDatabase("d", "m v=1 1"));
    await store(main, newRecord("", statementRecord(change("DELETE FROM m", ["d"]))));
    await store(main, newRecord("", statementRecord(change("CREATE USER u", undefined))));
    const verdict = { reason: "rejected", status: 200, error: "no" };
    await store(dead, newRecord("", statementRecord(change("DROP SERIES", ["e"]), verdict)));
  });
  await withSpool(files, async (spool) => {
    const { records } = await spool.show("b", "backlog", 10);
    assert.deepEqual(
      records.map(({ db, preview, statement = false }) => [db, preview, statement]),
      [
        ["d", "m v=1 1", false],
        ["d", "DELETE FROM m", true],
        ["", "CREATE USER u", true],
      ],
    );
    assert.equal(await spool.drop("b", "backlog", { db: "d" }), 2);
    assert.equal(await spool.replay("b", {}), 1);
    const [report] = await spool.list();
    assert.deepEqual(
      report?.lost?.map(({ db, rp }) => [db, rp]),
      [
        ["d", ""],
        ["d", "*"],
      ],
    );
  });
  await withSpool(files, async (spool) => {
    const { records } = await spool.show("b", "backlog", 10);
    assert.deepEqual(
      records.map(({ preview }) => preview),
      ["CREATE USER u", "DROP SERIES"],
    );
    assert.equal((await spool.show("b", "dead", 10)).records.length, 0);
  });
});
