import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openSqlSpool } from "../../../adapters/worker/sql-spool.ts";
import type { SqlStorageArea } from "../../../adapters/worker/sql-storage.ts";
import { SpoolError } from "../../../src/errors.ts";
import { type CredentialSealer, createCredentialSealer } from "../../../src/spool/credential-sealer.ts";
import type { NewRecord, SpoolLog } from "../../../src/spool/log.ts";
import { testSpoolFacts } from "../../spool/facts-conformance.ts";
import { newRecord, readAll, store, testSpoolLog } from "../../spool/log-conformance.ts";
import { CaseObject, caseWorker, objectStorage } from "./cases-in-object.ts";

export { CaseObject };
export default caseWorker;

const sealer = createCredentialSealer(new Uint8Array(32).fill(7));
const openMain = async () => openSqlSpool(objectStorage(), await sealer).main;
const text = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body);
const secret = (authorization: string, body = "m v=1 1\n"): NewRecord =>
  newRecord(body, { destination: { db: "d", rp: "", precision: "", credentials: { authorization } } });

testSpoolLog(
  "log in an object",
  async () => {
    let log = await openMain();
    const reopen = async () => {
      await log.close();
      log = await openMain();
      return log;
    };
    return { log, reopen };
  },
  { credentials: true },
);

testSpoolFacts("facts in an object", async () => {
  const open = () => openSqlSpool(objectStorage(), undefined).facts;
  let facts = open();
  const reopen = async () => {
    await facts.close();
    facts = open();
    return facts;
  };
  return { facts, reopen };
});

test("logs of one object do not mix", async () => {
  const spool = openSqlSpool(objectStorage(), undefined);
  await Promise.all([
    store(spool.main, newRecord("main")),
    store(spool.hold, newRecord("hold")),
    store(spool.dead, newRecord("dead", { note: "field type conflict" })),
  ]);
  spool.main.trim(spool.main.next);
  const again = openSqlSpool(objectStorage(), undefined);
  const { main, hold, dead } = again;
  assert.deepEqual([main.first, main.next], [1, 1]);
  assert.deepEqual((await readAll(hold)).map(text), ["hold"]);
  assert.deepEqual(
    (await readAll(dead)).map(({ note }) => note),
    ["field type conflict"],
  );
});

test("a record is told to be stored once the storage says that it is durable, all of a turn by one question", async () => {
  const storage = objectStorage();
  let syncs = 0;
  const { promise: durable, resolve } = Promise.withResolvers<void>();
  const { main } = openSqlSpool(
    {
      sql: storage.sql,
      transactionSync: (run) => storage.transactionSync(run),
      sync: () => {
        syncs++;
        return durable;
      },
    },
    undefined,
  );
  let told = 0;
  for (let index = 0; index < 10; index++) main.append(newRecord("m v=1 1\n"), () => told++);
  await new Promise((wake) => setTimeout(wake, 20));
  assert.deepEqual([told, syncs, main.oldest()], [0, 1, undefined]);
  resolve();
  await main.close();
  assert.deepEqual([told, syncs, main.oldest()], [10, 1, 1]);
});

test("an error of the storage is told, and the place is not given again", async () => {
  const storage = objectStorage();
  let full = false;
  const exec: SqlStorageArea["sql"]["exec"] = (query, ...values) => {
    // The second part of a body: what came before it must not stay.
    if (full && query.startsWith("INSERT INTO parts"))
      throw new Error("database or disk is full: SQLITE_FULL");
    return storage.sql.exec(query, ...values);
  };
  const failing: SqlStorageArea = {
    sql: { exec },
    transactionSync: (run) => storage.transactionSync(run),
    sync: () => (full ? Promise.reject(new Error("broken")) : storage.sync()),
  };
  const { main } = openSqlSpool(failing, undefined);
  await store(main, newRecord("before"));
  const { bytes } = main;
  full = true;
  const isFull = (error: unknown) => error instanceof SpoolError && error.failure === "full";
  await assert.rejects(store(main, newRecord(new Uint8Array(2_000_000))), isFull);
  assert.deepEqual([main.bytes, main.next], [bytes, 2]);
  const isBroken = (error: unknown) => error instanceof SpoolError && error.failure === "io";
  await assert.rejects(store(main, newRecord("not durable")), isBroken);
  full = false;
  assert.deepEqual((await readAll(main)).map(text), ["before", "not durable"]);
  main.trim(main.next);
  assert.equal(openSqlSpool(storage, undefined).main.next, 3);
});

test("a place is not given again though its record was never stored", async () => {
  const storage = objectStorage();
  const refusing: CredentialSealer = { ...(await sealer), seal: () => Promise.reject(new Error("no")) };
  const { main } = openSqlSpool(storage, refusing);
  await store(main, newRecord("before"));
  await assert.rejects(store(main, secret("Token t")), SpoolError);
  assert.equal(openSqlSpool(storage, undefined).main.next, 2);
});

test("after it was closed nothing is stored", async () => {
  const main = await openMain();
  await main.close();
  const isClosed = (error: unknown) => error instanceof SpoolError && error.failure === "closed";
  await assert.rejects(store(main, newRecord("late")), isClosed);
  assert.deepEqual((await readAll(await openMain())).map(text), []);
});

test("no row holds more than a row may, and a record is one row if it fits", async () => {
  const storage = objectStorage();
  const { main } = openSqlSpool(storage, undefined);
  for (const size of [1_500_000, 1_500_001, 5_000_000]) await store(main, newRecord(new Uint8Array(size)));
  const lengths = (table: string) =>
    storage.sql
      .exec(`SELECT LENGTH(body) AS length FROM ${table}`)
      .toArray()
      .map(({ length }) => length);
  assert.deepEqual(lengths("records_main"), [1_500_000, 1_500_000, 1_500_000]);
  assert.deepEqual(lengths("parts_main"), [1, 1_500_000, 1_500_000, 500_000]);
  main.trim(2);
  assert.deepEqual(lengths("parts_main"), [1_500_000, 1_500_000, 500_000]);
  main.done(2);
  assert.deepEqual([lengths("parts_main"), main.bytes], [[], 0]);
});

test("a damaged record is counted, and those beside it are read", async () => {
  const storage = objectStorage();
  const { main } = openSqlSpool(storage, undefined);
  for (const size of [10, 4_000_000, 4_000_000, 20, 30, 40, 4_000_000])
    await store(main, newRecord("x".repeat(size), { ranMs: 9 }));
  storage.sql.exec("DELETE FROM parts_main WHERE seq = 1 AND start = 1500000");
  storage.sql.exec("UPDATE parts_main SET start = start + 1 WHERE seq = 2");
  storage.sql.exec("UPDATE records_main SET body = x'00' WHERE seq = 3");
  storage.sql.exec("UPDATE records_main SET head = '{' WHERE seq = 5");
  storage.sql.exec("DELETE FROM parts_main WHERE seq = 6 AND start = 3000000");
  const { main: again } = openSqlSpool(storage, undefined);
  const { records, damaged, next } = await again.read(0, 100_000_000);
  assert.deepEqual([records.map(({ seq }) => seq), damaged, next], [[0, 4], 5, 7]);
  again.done(6);
  assert.equal(openSqlSpool(storage, undefined).main.lastRanMs, 9);
  storage.sql.exec("DELETE FROM log_ends");
  assert.equal(openSqlSpool(storage, undefined).main.lastRanMs, 0, "the newest record's is not known");
});

test("the oldest part is about one per cent of the records that are stored", async () => {
  const { main } = openSqlSpool(objectStorage(), undefined);
  await Promise.all(Array.from({ length: 1_000 }, () => store(main, newRecord("x".repeat(200)))));
  assert.equal(main.oldest(), 10);
  main.done(4);
  assert.equal(main.oldest(), 11);
  main.trim(950);
  assert.equal(main.oldest(), 951);
  for (let index = 0; index < 1_000; index++) main.append(newRecord("being stored"));
  assert.equal(main.oldest(), 961);
  await main.close();
});

test("text with NULs, quotes and half characters comes back", async () => {
  const destination = {
    db: "a\0b",
    rp: "'; DROP TABLE records_main; --",
    precision: "\ud800",
    credentials: undefined,
  };
  const main = await openMain();
  await store(main, newRecord("m v=1 1\n", { destination, note: "\0" }));
  const [record] = await readAll(await openMain());
  assert.deepEqual([record?.destination, record?.note], [destination, "\0"]);
});

test("credentials are stored sealed, and not at all without a key", async () => {
  const storage = objectStorage();
  const { main, hold } = openSqlSpool(storage, await sealer);
  await store(main, secret("Basic dTpzM2NyZXQ="));
  await store(hold, secret("Token s3cret"));
  for (const log of ["main", "hold"]) {
    for (const row of storage.sql.exec(`SELECT * FROM records_${log}`).toArray()) {
      const stored = Object.values(row).map((value) =>
        value instanceof ArrayBuffer ? String.fromCharCode(...new Uint8Array(value)) : String(value),
      );
      assert.doesNotMatch(stored.join("\n"), /s3cret|dTpzM2NyZXQ/);
    }
  }
  const without = openSqlSpool(storage, undefined).main;
  assert.throws(() => without.append(secret("Token t")), SpoolError);
  await assert.rejects(without.read(0, 1_000), SpoolError);
  const other = await createCredentialSealer(new Uint8Array(32).fill(8));
  const mixed = openSqlSpool(storage, other).main;
  await assert.rejects(mixed.read(0, 1_000), SpoolError);
  await store(mixed, secret("Token t", "new key"));
  assert.deepEqual((await readAll(mixed, 1)).map(text), ["new key"]);
  const { records, next } = await openSqlSpool(storage, await sealer).main.read(0, 1_000);
  assert.deepEqual([records.length, next], [1, 1], "what was read before is given");
});

test("what is done or trimmed while its credentials are being sealed is not stored, and the order stays", async () => {
  const storage = objectStorage();
  const { promise: key, resolve } = Promise.withResolvers<Uint8Array>();
  const slow: CredentialSealer = { seal: () => key, open: async () => "Token t" };
  const { main } = openSqlSpool(storage, slow);
  const told: number[] = [];
  const append = (record: NewRecord) => {
    const seq: number = main.append(record, (error) => {
      assert.equal(error, undefined);
      told.push(seq);
    });
  };
  append(secret("Token t", "trimmed"));
  append(newRecord("at once"));
  append(secret("Token t", "done"));
  append(secret("Token t", "kept"));
  append(newRecord("at once too"));
  main.trim(1);
  main.done(2);
  const read = main.read(0, 1_000_000);
  main.done(1);
  assert.equal(main.first, 3);
  resolve(new Uint8Array([1]));
  const { records, next } = await read;
  assert.deepEqual([records.map(text), next], [["kept", "at once too"], 5]);
  assert.deepEqual(told.sort(), [0, 1, 2, 3, 4]);
  assert.equal(storage.sql.exec("SELECT * FROM records_main").toArray().length, 2);
});

test("what is appended while a read waits is left to the next one", async () => {
  const first = Promise.withResolvers<Uint8Array>();
  const second = Promise.withResolvers<Uint8Array>();
  const keys = [first.promise, second.promise];
  const slow: CredentialSealer = {
    seal: () => keys.shift() as Promise<Uint8Array>,
    open: async () => "Token t",
  };
  const { main } = openSqlSpool(objectStorage(), slow);
  main.append(secret("Token t", "0"));
  const read = main.read(0, 1_000);
  main.append(secret("Token t", "1"));
  main.append(newRecord("2"));
  first.resolve(new Uint8Array(1));
  const { records, next } = await read;
  assert.deepEqual([records.map(text), next], [["0"], 1]);
  second.resolve(new Uint8Array(1));
  assert.deepEqual((await readAll(main)).map(text), ["0", "1", "2"]);
});

test("agrees with a plain list, whatever is done in whatever order, also when it is opened again", async () => {
  const main = await openMain();
  await main.close();
  const storage = objectStorage();
  const step = fc.record({
    what: fc.constantFrom(
      "append" as const,
      "append" as const,
      "done" as const,
      "trim" as const,
      "reopen" as const,
    ),
    at: fc.nat(30),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      for (const table of ["records_main", "parts_main", "log_ends"])
        storage.sql.exec(`DELETE FROM ${table}`);
      let log: SpoolLog = openSqlSpool(storage, await sealer).main;
      let model: number[] = [];
      let next = 0;
      for (const { what, at } of steps) {
        const seq = Math.max(0, next - at);
        if (what === "append") {
          model.push(log.append(at % 3 === 0 ? secret("Token t", "12345") : newRecord("12345")));
          next++;
        } else if (what === "done") {
          log.done(seq);
          model = model.filter((place) => place !== seq);
        } else if (what === "trim") {
          log.trim(seq);
          model = model.filter((place) => place >= seq);
        } else {
          await log.close();
          assert.equal(log.bytes, model.length * 205);
          log = openSqlSpool(storage, await sealer).main;
          assert.equal(log.bytes, model.length * 205);
          assert.equal(log.first, model[0] ?? next);
        }
        assert.equal(log.next, next);
        assert.ok(log.first <= (model[0] ?? next));
      }
      assert.deepEqual(
        (await readAll(log, 0, 500)).map(({ seq }) => seq),
        model,
      );
    }),
    { numRuns: 60 },
  );
});

test("tables of a newer relay are left alone", async () => {
  const storage = objectStorage();
  openSqlSpool(storage, undefined);
  storage.sql.exec("INSERT INTO format VALUES (2)");
  const isVersion = (error: unknown) => error instanceof SpoolError && error.failure === "version";
  assert.throws(() => openSqlSpool(storage, undefined), isVersion);
});

test("a damaged fact is missing, and the others are there", async () => {
  const storage = objectStorage();
  const { facts } = openSqlSpool(storage, undefined);
  await Promise.all([facts.set("cursor", 7), facts.set("lost", [])]);
  storage.sql.exec("UPDATE facts SET value = '{' WHERE name = 'lost'");
  const damaged = openSqlSpool(storage, undefined).facts;
  assert.deepEqual([damaged.intact, damaged.get("lost"), damaged.get("cursor")], [false, undefined, 7]);
});

test("of facts that are set while one is being stored the last is stored, and all wait until it is durable", async () => {
  const storage = objectStorage();
  const gates: PromiseWithResolvers<void>[] = [];
  const stored: unknown[] = [];
  const watched: SqlStorageArea = {
    sql: {
      exec: (query, ...values) => {
        if (query.startsWith("INSERT OR REPLACE INTO facts")) stored.push(values);
        return storage.sql.exec(query, ...values);
      },
    },
    transactionSync: (run) => storage.transactionSync(run),
    sync: () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
  };
  const { facts } = openSqlSpool(watched, undefined);
  const told: number[] = [];
  const set = (value: number) => void facts.set("cursor", value).then(() => told.push(value));
  const turn = () => new Promise((wake) => setTimeout(wake, 5));
  set(1);
  await turn();
  for (const value of [2, 3, 4]) set(value);
  await turn();
  assert.deepEqual([stored, told, gates.length, facts.get("cursor")], [[["cursor", "1"]], [], 1, 4]);
  gates[0]?.resolve();
  await turn();
  assert.deepEqual([stored.slice(1), told, gates.length], [[["cursor", "4"]], [1], 2]);
  const closed = facts.close().then(() => told.push(-1));
  await turn();
  assert.deepEqual(told, [1]);
  gates[1]?.resolve();
  await closed;
  assert.deepEqual(told, [1, 2, 3, 4, -1]);
  await assert.rejects(facts.set("cursor", 5), SpoolError);
  assert.equal(openSqlSpool(storage, undefined).facts.get("cursor"), 4);
});

test("facts are all durable before they are closed", async () => {
  const storage = objectStorage();
  const { promise: durable, resolve } = Promise.withResolvers<void>();
  const { facts } = openSqlSpool(
    { sql: storage.sql, transactionSync: (run) => storage.transactionSync(run), sync: () => durable },
    undefined,
  );
  void facts.set("a", 1);
  let closed = false;
  const closing = facts.close().then(() => {
    closed = true;
  });
  await new Promise((wake) => setTimeout(wake, 5));
  assert.equal(closed, false);
  resolve();
  await closing;
  assert.equal(openSqlSpool(storage, undefined).facts.get("a"), 1);
});

test("a fact that cannot be stored is told, and the next one is tried", async () => {
  const storage = objectStorage();
  let broken = true;
  const sync = () => (broken ? Promise.reject(new Error("broken")) : storage.sync());
  const { facts } = openSqlSpool(
    { sql: storage.sql, transactionSync: (run) => storage.transactionSync(run), sync },
    undefined,
  );
  await assert.rejects(facts.set("a", 1), SpoolError);
  broken = false;
  await facts.set("a", 2);
  assert.equal(openSqlSpool(storage, undefined).facts.get("a"), 2);
});

test("before a restart", async () => {
  const { main, hold, dead, facts } = openSqlSpool(objectStorage(), await sealer);
  for (let index = 0; index < 1_000; index++) await store(main, newRecord(`m v=${index} 1\n`));
  await store(hold, newRecord(new Uint8Array(5_000_000).fill(3)));
  await store(hold, secret("Token t"));
  await store(dead, newRecord("given up"));
  dead.trim(dead.next);
  await facts.set("cursor", 17);
});

test("after a restart", async () => {
  const { main, hold, dead, facts } = openSqlSpool(objectStorage(), await sealer);
  const records = await readAll(main);
  assert.deepEqual(
    records.map(text),
    Array.from({ length: 1_000 }, (_, index) => `m v=${index} 1\n`),
  );
  const [large, sealed] = await readAll(hold, hold.first, 10_000_000);
  assert.equal(large?.body.byteLength, 5_000_000);
  assert.ok(large.body.every((byte) => byte === 3));
  assert.deepEqual(sealed?.destination.credentials, { authorization: "Token t" });
  assert.deepEqual([dead.first, dead.next, dead.lastRanMs], [1, 1, 5_000]);
  assert.deepEqual([facts.intact, facts.get("cursor")], [true, 17]);
});
