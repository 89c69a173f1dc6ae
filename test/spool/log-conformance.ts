import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewRecord, SpoolLog, SpoolRecord } from "../../src/spool/log.ts";

/** A log under test. */
export interface OpenLog {
  readonly log: SpoolLog;
  /** Closes the log and opens it again; absent where it ends with the process. */
  readonly reopen?: () => Promise<SpoolLog>;
  /** Frees what is around the log after a test. */
  readonly close?: () => Promise<void>;
}

export interface LogTraits {
  /** Whether credentials of clients are kept; otherwise they are gone from what was stored. */
  readonly credentials: boolean;
}

/** A record for tests; `parts` replaces any of it. */
export function newRecord(body: string | Uint8Array, parts: Partial<NewRecord> = {}): NewRecord {
  return {
    destination: { db: "telegraf", rp: "", precision: "", credentials: undefined },
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    closed: true,
    ranMs: 5_000,
    timeMs: 1_700_000_000_000,
    note: "",
    ...parts,
  };
}

/** Appends and waits until the record is as safe as the log promises. */
export function store(log: SpoolLog, record: NewRecord): Promise<number> {
  return new Promise((resolve, reject) => {
    if (log.volatile) return resolve(log.append(record));
    const seq: number = log.append(record, (error) => (error === undefined ? resolve(seq) : reject(error)));
  });
}

/** All records from `from` on, read in portions of about `maxBytes`. */
export async function readAll(log: SpoolLog, from = log.first, maxBytes = 100_000): Promise<SpoolRecord[]> {
  const records: SpoolRecord[] = [];
  for (let at = from; at < log.next; ) {
    const chunk = await log.read(at, maxBytes);
    assert.equal(chunk.damaged, 0);
    assert.ok(chunk.next > at, "each read goes on");
    for (const record of chunk.records) assert.ok(record.seq >= at && record.seq < chunk.next);
    records.push(...chunk.records);
    at = chunk.next;
  }
  return records;
}

/**
 * What every log behind {@link SpoolLog} must do.
 * @param open opens an empty log; one of files with segments of at most 1 MB, and such that a record becomes safe
 *   without a step of a virtual clock.
 */
export function testSpoolLog(name: string, open: () => Promise<OpenLog>, traits: LogTraits): void {
  const check = (title: string, run: (opened: OpenLog) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const opened = await open();
      try {
        await run(opened);
      } finally {
        await opened.close?.();
      }
    });
  const bodies = (records: readonly SpoolRecord[]) =>
    records.map(({ body }) => new TextDecoder().decode(body));

  /** Stores `count` records of `size` bytes whose first bytes are their number. */
  async function fill(log: SpoolLog, count: number, size: number): Promise<void> {
    const stored = [];
    for (let index = 0; index < count; index++)
      stored.push(store(log, newRecord(`${index} `.padEnd(size, "x"))));
    await Promise.all(stored);
  }

  check("an empty log has nothing to read, free or hold", async ({ log }) => {
    assert.equal(log.first, log.next);
    assert.equal(log.lastRanMs, 0);
    assert.equal(log.oldest(), undefined);
    assert.ok(log.bytes >= 0);
    assert.deepEqual(await log.read(log.first, 1_000), { records: [], next: log.next, damaged: 0 });
    await log.close();
  });

  check("a record comes out as it went in", async ({ log, reopen }) => {
    const credentials = { authorization: "Basic ü:s3cret" };
    const odd = newRecord("m v=1 1\n", {
      destination: { db: "Größe/数据 \"'\\\n\t", rp: "ретенция 🕰", precision: "ms", credentials },
      closed: false,
      ranMs: 2 ** 41 + 1,
      timeMs: 1_893_456_000_123,
      note: "partial write: unable to parse 'ü'",
    });
    const empty = newRecord("", { destination: { db: "", rp: "", precision: "", credentials: undefined } });
    const large = newRecord(new Uint8Array(5_000_000).map((_, index) => index * 31));
    const statement = newRecord('DROP MEASUREMENT "m"', { statement: true, note: '{"change":{}}' });
    const seqs: number[] = [];
    for (const record of [odd, empty, large, statement]) seqs.push(await store(log, record));
    const kept = traits.credentials
      ? odd
      : { ...odd, destination: { ...odd.destination, credentials: undefined } };
    const expected = [kept, empty, large, statement].map((record, index) => ({
      ...record,
      seq: seqs[index],
    }));
    assert.deepEqual(plain(await readAll(log)), plain(expected));
    if (reopen !== undefined) assert.deepEqual(plain(await readAll(await reopen())), plain(expected));
  });

  check("places rise by one from `next`, and records are read in their order", async ({ log, reopen }) => {
    const start = log.next;
    await fill(log, 1_000, 40);
    assert.deepEqual([log.first, log.next], [start, start + 1_000]);
    const expected = Array.from({ length: 1_000 }, (_, index) => start + index);
    const records = await readAll(log);
    assert.deepEqual(
      records.map(({ seq }) => seq),
      expected,
    );
    assert.deepEqual(
      bodies(records),
      expected.map((_, index) => `${index} `.padEnd(40, "x")),
    );
    if (reopen === undefined) return;
    const again = await reopen();
    assert.deepEqual([again.first, again.next], [start, start + 1_000]);
    assert.equal(await store(again, newRecord("behind")), start + 1_000);
    const last = (await readAll(again)).slice(-2);
    assert.deepEqual(
      last.map(({ seq }) => seq),
      [start + 999, start + 1_000],
    );
  });

  check("many appended at once are all stored, each told once and later", async ({ log }) => {
    const told = new Map<number, number>();
    const waiting: Promise<void>[] = [];
    const seqs: number[] = [];
    for (let index = 0; index < 300; index++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let returned = false;
      const seq: number = log.append(newRecord(`${index}`), (error) => {
        assert.equal(error, undefined);
        assert.ok(returned, "told before append returned");
        told.set(seq, (told.get(seq) ?? 0) + 1);
        resolve();
      });
      returned = true;
      seqs.push(seq);
      if (!log.volatile) waiting.push(promise);
    }
    await Promise.all(waiting);
    assert.deepEqual(
      [...told.entries()].sort(([a], [b]) => a - b),
      log.volatile ? [] : seqs.map((seq) => [seq, 1]),
    );
    assert.deepEqual(
      bodies(await readAll(log)),
      seqs.map((_, index) => `${index}`),
    );
  });

  check("is read in portions, and from anywhere", async ({ log, reopen }) => {
    await fill(log, 50, 10_000);
    const start = log.first;
    const read = async (from: SpoolLog) => {
      const portion = await from.read(start, 35_000);
      assert.ok(
        portion.records.length >= 1 && portion.records.length <= 4,
        `${portion.records.length} records`,
      );
      assert.equal(portion.next, start + portion.records.length);
      const one = await from.read(start + 7, 1);
      assert.deepEqual([one.records.map(({ seq }) => seq), one.next], [[start + 7], start + 8]);
      assert.deepEqual(
        (await readAll(from, start + 20)).map(({ seq }) => seq - start),
        range(20, 50),
      );
      assert.deepEqual(
        (await readAll(from, start, 35_000)).map(({ seq }) => seq - start),
        range(0, 50),
      );
      assert.deepEqual(await from.read(from.next, 1_000), { records: [], next: from.next, damaged: 0 });
    };
    await read(log);
    if (reopen !== undefined) await read(await reopen());
  });

  check("bytes count what is held and never fall below nothing", async ({ log }) => {
    const before = log.bytes;
    await fill(log, 10, 1_000);
    assert.ok(log.bytes >= before + 10_000, `${log.bytes} bytes for 10 records of 1,000`);
    log.trim(log.next);
    log.trim(log.next);
    log.done(log.first);
    assert.ok(log.bytes >= 0);
  });

  check("a record that is done takes nothing else with it", async ({ log }) => {
    await fill(log, 5, 100);
    const start = log.first;
    for (const index of [1, 3, 3]) log.done(start + index);
    log.done(log.next);
    const left = (await readAll(log)).map(({ seq }) => seq - start);
    assert.deepEqual(
      left.filter((seq) => seq !== 1 && seq !== 3),
      [0, 2, 4],
    );
    if (log.volatile) assert.deepEqual(left, [0, 2, 4]);
    assert.equal(await store(log, newRecord("more")), start + 5);
  });

  check("what is trimmed takes nothing that is still needed with it", async ({ log, reopen }) => {
    await fill(log, 40, 50_000);
    const start = log.first;
    log.trim(start + 25);
    assert.ok(log.first <= start + 25);
    assert.deepEqual(
      (await readAll(log, start + 25)).map(({ seq }) => seq - start),
      range(25, 40),
    );
    const again = reopen === undefined ? log : await reopen();
    assert.deepEqual(
      (await readAll(again, start + 25)).map(({ seq }) => seq - start),
      range(25, 40),
    );
    again.trim(again.next);
    assert.equal(await store(again, newRecord("more")), start + 40);
    assert.deepEqual(bodies((await readAll(again)).slice(-1)), ["more"]);
  });

  check("the oldest part can be freed, again and again", async ({ log, reopen }) => {
    await fill(log, 80, 50_000);
    const start = log.first;
    const oldest = log.oldest();
    assert.ok(oldest !== undefined && oldest > start && oldest <= log.next);
    const { bytes } = log;
    log.trim(oldest);
    assert.equal(log.first, oldest);
    assert.ok(log.bytes <= bytes - 50_000, `${bytes} bytes before and ${log.bytes} after`);
    assert.deepEqual(
      await log.read(start, 1),
      await log.read(oldest, 1),
      "reading goes on behind what is gone",
    );
    assert.deepEqual(
      (await readAll(log, oldest)).map(({ seq }) => seq - start),
      range(oldest - start, 80),
    );
    if (reopen !== undefined) assert.equal((await reopen()).first, oldest);
  });

  check("it can be emptied by freeing the oldest part", async ({ log }) => {
    await fill(log, 60, 50_000);
    const end = log.next;
    for (let turns = 0, oldest = log.oldest(); oldest !== undefined; oldest = log.oldest()) {
      assert.ok(oldest > log.first, "each turn frees something");
      assert.ok(++turns <= 60, "at most a turn for each record");
      log.trim(oldest);
    }
    assert.equal(log.next, end);
    assert.ok(log.bytes < 30 * 50_000);
    assert.deepEqual(
      (await readAll(log)).map(({ seq }) => seq),
      range(log.first, end),
    );
  });

  check("tells the running time of its newest record", async ({ log, reopen }) => {
    for (const ranMs of [10, 20, 30]) await store(log, newRecord("m v=1 1", { ranMs }));
    assert.equal(log.lastRanMs, 30);
    if (reopen !== undefined) assert.equal((await reopen()).lastRanMs, 30);
  });

  check("what was appended is stored before it is closed", async ({ log, reopen }) => {
    let told = 0;
    for (let index = 0; index < 50; index++) log.append(newRecord(`${index}`), () => told++);
    await log.close();
    assert.equal(told, log.volatile ? 0 : 50);
    if (reopen !== undefined) assert.equal((await readAll(await reopen())).length, 50);
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** With the body as a plain array, so that views of different buffers compare by their bytes. */
function plain(records: readonly object[]): object[] {
  return records.map((record) => ({ ...record, body: hash((record as SpoolRecord).body) }));
}

/** Length and a sum that depends on the order (FNV-1a): comparing five million bytes one by one takes seconds. */
function hash(bytes: Uint8Array): string {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return `${bytes.byteLength} bytes ${(sum >>> 0).toString(16)}`;
}
