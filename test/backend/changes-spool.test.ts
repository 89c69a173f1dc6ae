import assert from "node:assert/strict";
import { test } from "node:test";
import { showSome } from "../../src/admin/look.ts";
import { TransportError } from "../../src/errors.ts";
import { SECRET_TEXT } from "../../src/spool/statement.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { createTestPlatform, httpAnswer, type SentRequest } from "../support/test-platform.ts";
import { openCrashable } from "./crashable-storage.ts";
import { createReplicaSet, EXECUTED, type SPOOL, statementFailed, statementIn } from "./replica-set.ts";

const everything = () => true;

interface Script {
  down: boolean;
  refuses: boolean;
  /** Awaited before a server does anything. */
  before?: (server: string, what: string) => Promise<void> | void;
}

/** One life of a relay with a spool in these files, over servers of which `b` may be down or refuse statements. */
async function startLife(files: CrashableFiles, spool: Partial<typeof SPOOL> = {}) {
  const state: Script = { down: false, refuses: false };
  const stored: string[] = [];
  const platform = createTestPlatform({
    http: async (request: SentRequest) => {
      const statement = statementIn(request);
      if (request.origin === "http://b" && state.down) throw new TransportError("refused", false, "refused");
      if (request.origin === "http://b" && statement !== undefined && state.refuses)
        return statementFailed("not possible here");
      await state.before?.(request.origin.slice(-1), statement ?? request.text);
      if (request.origin === "http://b" && request.method === "POST")
        stored.push(...(statement === undefined ? request.text.trimEnd().split("\n") : [statement]));
      return statement === undefined ? httpAnswer(204) : EXECUTED;
    },
  });
  const storages = await openCrashable(files, ["a", "b"], platform, spool);
  const set = createReplicaSet(() => httpAnswer(204), { platform, storages });
  for (const backend of set.backends) await backend.open();
  const b = set.backends[1] ?? assert.fail();

  /** Resolves with the status of what was told. */
  async function told(reply: Promise<{ readonly status: number }>): Promise<number> {
    let status: number | undefined;
    void reply.then((r) => {
      status = r.status;
    });
    for (let ms = 0; status === undefined && ms < 1_000; ms++) await set.clock.advance(1);
    return status ?? assert.fail("no answer");
  }

  return {
    ...set,
    state,
    stored,
    b,
    told,
    write: (line: string) => told(set.post(line)),
    execute: (text: string, how: Parameters<typeof set.change>[1] = {}) => told(set.change(text, how)),
    stop: () => Promise.all(set.backends.map((backend) => backend.stop())),
  };
}

test("what a replica lacks survives a kill, in order, and is executed once", async () => {
  let files = new CrashableFiles();
  const first = await startLife(files);
  first.state.down = true;
  assert.equal(await first.write("m v=1 1"), 204);
  assert.equal(await first.execute("DELETE FROM m"), 200);
  assert.equal(await first.write("m v=2 2"), 204);
  files = files.crashClone("kill", 1);

  const second = await startLife(files);
  assert.equal(second.b.pending("d"), 3);
  await second.clock.advance(9_000);
  assert.deepEqual(second.stored, [], "the old process may have left a request behind");
  await second.clock.advance(20_000);
  assert.deepEqual(second.stored, ["m v=1 1", "DELETE FROM m", "m v=2 2"]);
  await second.clock.advance(2_000);
  files = files.crashClone("kill", 2);

  const third = await startLife(files);
  await third.clock.advance(30_000);
  assert.deepEqual(third.stored, []);
  assert.equal(third.b.status().backlog.records, 0);
});

test("one that was done is not executed again although another database keeps the cursor back", async () => {
  let files = new CrashableFiles();
  const first = await startLife(files);
  const held = await first.b.pause("e", undefined);
  first.state.down = true;
  await first.told(first.post("m v=1 1", { db: "e" }));
  await first.execute("DELETE FROM m");
  await first.write("m v=2 2");
  first.state.down = false;
  await first.clock.advance(20_000);
  assert.deepEqual(first.stored, ["DELETE FROM m", "m v=2 2"]);
  // Not in the log: before it is sent it must be durable that the statement was executed.
  await first.write("m v=3 3");
  files = files.crashClone("kill", 1);
  held();

  const second = await startLife(files);
  await second.clock.advance(30_000);
  assert.deepEqual(second.stored, ["m v=1 1"]);
});

test("a statement is not overtaken by what was delivered before it and would come again after a kill", async () => {
  let files = new CrashableFiles();
  const first = await startLife(files);
  first.state.down = true;
  await first.write("m v=1 1");
  first.state.down = false;
  await first.clock.advance(20_000);
  assert.deepEqual(first.stored, ["m v=1 1"]);
  assert.equal(await first.execute("DELETE FROM m"), 200);
  assert.deepEqual(first.stored, ["m v=1 1", "DELETE FROM m"]);
  files = files.crashClone("kill", 1);
  const second = await startLife(files);
  await second.clock.advance(30_000);
  assert.deepEqual(second.stored, []);
});

test("before a statement is sent it is durable that what was kept before it was delivered", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files);
  first.state.down = true;
  await first.told(first.post("m v=0 0", { db: "e" }));
  await first.write("m v=1 1");
  const [writes, statements] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let crashed: CrashableFiles | undefined;
  first.state.before = (server, what) => {
    if (server === "a" && what === "DELETE FROM m") return statements.promise;
    if (server === "b" && what.startsWith("m v=1 1")) return writes.promise;
    if (server === "b" && what === "DELETE FROM m") crashed = files.crashClone("kill", 1);
  };
  first.state.down = false;
  // What is delivered within a second after the first write is not stored for its own sake.
  while (!first.stored.includes("m v=0 0")) await first.clock.advance(10);
  const reply = first.change("DELETE FROM m");
  void first.post("m v=2 2");
  await first.clock.advance(0);
  writes.resolve();
  await first.clock.advance(100);
  assert.ok(crashed !== undefined, "it was sent");
  statements.resolve();
  assert.equal(await first.told(reply), 200);

  const second = await startLife(crashed);
  await second.clock.advance(30_000);
  assert.deepEqual(second.stored, [], "the write does not come again, after the statement");
});

test("a replica that refuses what is kept for it: a dead letter, which can be shown, replayed and dropped", async () => {
  const life = await startLife(new CrashableFiles());
  life.state.down = true;
  await life.execute("DELETE FROM m");
  await life.write("m v=1 1");
  life.state.down = false;
  life.state.refuses = true;
  await life.clock.advance(20_000);
  assert.deepEqual(life.stored, ["m v=1 1"], "it does not hold up what comes after it");
  assert.equal(life.b.status().counters.changesFailed, 1);
  assert.deepEqual(
    life.b.status().suspect.map(({ db }) => db),
    ["d"],
  );
  const dead = life.b.storage?.dead ?? assert.fail();
  const kept = { log: dead, records: 1, first: dead.first, isPending: everything };
  const [letter] = (await showSome([kept], 10)).records;
  const { db, preview, statement, reason, status, error } = letter ?? assert.fail();
  assert.deepEqual(
    { db, preview, statement, reason, status, error },
    {
      db: "d",
      preview: "DELETE FROM m",
      statement: true,
      reason: "rejected",
      status: 200,
      error: "not possible here",
    },
  );
  life.state.refuses = false;
  let replayed: number | undefined;
  void life.b.replay(everything).then((count) => {
    replayed = count;
  });
  await life.clock.advance(1_000);
  assert.equal(replayed, 1);
  assert.deepEqual(life.stored, ["m v=1 1", "DELETE FROM m"]);
  assert.equal(life.b.deadLetters?.records, 0);
});

test("kept statements are shown and dropped with the writes, and count as lost", async () => {
  const life = await startLife(new CrashableFiles());
  life.state.down = true;
  await life.execute("DELETE FROM m");
  await life.execute("CREATE USER u WITH PASSWORD 'x'", { scope: undefined, hasPassword: true });
  await life.write("m v=1 1");
  const shown = await showSome(life.b.kept("main"), 10);
  assert.deepEqual(
    shown.records.map(({ db, preview }) => [db, preview]),
    [
      ["d", "DELETE FROM m"],
      ["", SECRET_TEXT],
      ["d", "m v=1 1"],
    ],
  );
  assert.equal(await life.b.drop("main", ({ db }) => db === "d"), 2);
  assert.deepEqual(
    life.b
      .status()
      .lost.map(({ db }) => db)
      .toSorted(),
    ["d", "d"],
  );
  life.state.down = false;
  await life.clock.advance(20_000);
  assert.deepEqual(life.stored, ["CREATE USER u WITH PASSWORD 'x'"]);
});

test("a statement that is too old is dropped, and its database lost", async () => {
  let files = new CrashableFiles();
  const first = await startLife(files);
  first.state.down = true;
  await first.execute("DELETE FROM m");
  await first.clock.advance(1_000);
  await first.told(first.post("m v=1 1", { db: "e" }));
  files = files.crashClone("kill", 1);
  const second = await startLife(files, { maxAgeMs: 500 });
  await second.clock.advance(120_000);
  assert.ok(!second.stored.includes("DELETE FROM m"));
  assert.deepEqual(
    second.b.status().lost.map(({ db }) => db),
    ["d"],
  );
  assert.equal(second.b.status().backlog.records, 0);
});

test("without a key a password is not stored: it is refused while a replica is down, and sent while none is", async () => {
  const life = await startLife(new CrashableFiles(), { storeCredentials: false });
  const secret = { hasPassword: true, scope: undefined } as const;
  assert.equal(await life.execute("SET PASSWORD FOR u = 'x'", secret), 200);
  life.state.down = true;
  await life.write("m v=1 1");
  const before = life.platform.sent.length;
  const reply = await life.change("SET PASSWORD FOR u = 'y'", secret);
  assert.equal(reply.status, 503);
  assert.match(reply.influxError ?? "", /credentials-key in \[spool\]; nothing was executed/);
  assert.equal(life.platform.sent.length, before);
});

test("a statement with a client's credentials that may not be stored is kept in memory, and in no file", async () => {
  const files = new CrashableFiles();
  const life = await startLife(files, { storeCredentials: false });
  const credentials = { authorization: "Basic dTpw" };
  life.state.down = true;
  await life.told(life.post("m v=1 1", { credentials }));
  assert.equal(await life.execute("DELETE FROM m", { credentials }), 200);
  await life.told(life.post("m v=2 2", { credentials }));
  await life.write("m v=3 3");
  assert.equal(life.b.volatile.records, 3);
  assert.equal(life.b.status().backlog.records, 4);
  assert.deepEqual(
    (await showSome(life.b.kept("main"), 10)).records.map(({ preview }) => preview).toSorted(),
    ["m v=1 1", "m v=2 2", "m v=3 3"],
  );
  life.state.down = false;
  await life.clock.advance(20_000);
  const [first, second, ...after] = life.stored;
  assert.deepEqual([first, second, after.toSorted()], ["m v=1 1", "DELETE FROM m", ["m v=2 2", "m v=3 3"]]);
  assert.equal(life.b.volatile.records, 0);
});
