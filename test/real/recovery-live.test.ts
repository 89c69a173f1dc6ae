import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { RelayError } from "../../src/errors.ts";
import { ServerError } from "../../src/recovery/errors.ts";
import { requireReal } from "../support/require-real.ts";
import { day, memoryStore, type RecoveryScene, startRecoveryScene, writeBytes } from "./recovery-scene.ts";
import { startSmallRelay } from "./small-relay.ts";

const RUNS = 12;
const SEED = 20_261_125;

/** What a recovery of b from a left behind. */
function interrupted({ points = 0, ...more }: { points?: number; [of: string]: unknown }): string {
  const totals = { points, bytes: 0, expired: 0, rejected: 0, unwritable: 0, pruned: 0 };
  const state = { version: 1, source: "a", target: "b", deep: false, savedMs: Date.now(), totals };
  return JSON.stringify({ ...state, open: [], verified: [], ...more });
}

describe("a recovery while others write", { skip: requireReal("influxd") }, () => {
  let scene: RecoveryScene;
  let databases = 0;
  before(async () => {
    scene = await startRecoveryScene();
  });
  after(() => scene?.close());

  async function newDatabase(): Promise<string> {
    const db = `live${databases++}`;
    for (const server of [scene.a, scene.b]) {
      await server.query(`CREATE DATABASE ${db} WITH SHARD DURATION 1d NAME days`);
    }
    return db;
  }
  const points = (db: string) =>
    Promise.all([scene.a, scene.b].map((server) => server.points(db, { rp: "days" })));

  /** `count` points over three days, in one measurement. */
  const lines = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => {
      const at = from + i;
      return `m,t=${at % 5} v=${at},s="${at}" ${day(at % 3) + BigInt(at) * 1_000_000_000n}`;
    });

  test("copies ahead of the writes that are held, so that no older value comes after a newer one", async () => {
    const db = await newDatabase();
    const relay = startSmallRelay({ a: scene.a, b: scene.b });
    await writeBytes(scene.a, db, lines(6_000).join("\n"));
    let writing = true;
    const overwrites = (async () => {
      for (let round = 1; writing; round++) {
        // The same points again and again, and new ones, in the window that is copied at this moment.
        const again = lines(40).map((line) => line.replace(/v=\d+/, `v=${round * 1_000_000}`));
        await relay.write(db, [...again, ...lines(10, 10_000 + round * 10)].join("\n"));
      }
    })();
    const report = await scene.recover({ scope: { db } }, { control: relay.control });
    writing = false;
    await overwrites;
    await relay.settled();
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
    assert.ok(report.equal, JSON.stringify(report.differences));
    assert.deepEqual([relay.asked[0], relay.asked.at(-1)], ["drain b", "resume b"]);
    const held = relay.asked.slice(1, -1);
    const [holds, releases] = ["hold", "release"].map((what) =>
      held.filter((one) => one === `${what} b ${db} days`),
    );
    assert.deepEqual([holds?.length, held.length], [releases?.length, 2 * (holds?.length ?? 0)]);
    assert.ok(held.length > 0);
  });

  test("stays out of queries if something still differs", async () => {
    const db = await newDatabase();
    const relay = startSmallRelay({ a: scene.a, b: scene.b });
    await writeBytes(scene.b, db, lines(1).join("\n"));
    await scene.recover({ scope: { db } }, { control: relay.control });
    assert.deepEqual(relay.asked, ["drain b"]);
  });

  test("goes on after it was interrupted anywhere", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, lines(3_000).join("\n"));
    const store = memoryStore();
    const relay = startSmallRelay({ a: scene.a, b: scene.b });
    for (let interruptions = 0; interruptions < 8; interruptions++) {
      // At one of the moments at which it asks for something.
      const abort = new AbortController();
      const reason = new RelayError("STOP", "stop");
      let left = interruptions;
      const step = <T>(run: () => Promise<T>) => {
        if (left-- === 0) abort.abort(reason);
        return run();
      };
      const { hold, answered, ...control } = relay.control;
      const interrupted = scene.recover(
        { scope: { db } },
        {
          store,
          signal: abort.signal,
          control: {
            ...control,
            hold: (...args) => step(() => hold(...args)),
            answered: (...args) => step(() => answered(...args)),
          },
        },
      );
      const ended = await interrupted.then(
        () => "done",
        (error) => error,
      );
      if (ended === "done") break;
      assert.equal(ended, reason);
    }
    const report = await scene.recover({ scope: { db } }, { store });
    assert.ok(report.equal, JSON.stringify(report.differences));
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
    assert.equal(store.text, undefined, "nothing is left to go on with");
  });

  test("verifies what an interrupted one had copied, even if sums show nothing", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, `m,t=a s="new" ${day(0)}`);
    await writeBytes(scene.b, db, `m,t=a s="old" ${day(0)}`);
    const store = memoryStore();
    store.text = interrupted({
      points: 7,
      open: [{ db, rp: "days", window: [`${day(0)}`, `${day(1)}`] }],
    });
    const report = await scene.recover({ scope: { db } }, { store });
    assert.deepEqual([report.equal, report.continued, report.copied.points], [true, true, 8]);
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), [`m,t=a s="new" ${day(0)}`]);
  });

  test("compares what is suspect although an interrupted one had verified it: more may be lost since", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, `m,t=a s="new" ${day(0)}`);
    await writeBytes(scene.b, db, `m,t=a s="old" ${day(0)}`);
    const store = memoryStore();
    const spans = [[`${day(0)}`, `${day(1)}`]];
    store.text = interrupted({
      suspects: JSON.stringify([[db, "days", `${day(0)}`, `${day(0)}`, "1.7"]]),
      verified: [{ db, rp: "days", measurement: "m", spans, current: spans }],
    });
    const recover = (revision: string) => {
      const range = { db, rp: "days", min: day(0), max: day(0), revision };
      const { control } = startSmallRelay({ a: scene.a, b: scene.b });
      return scene.recover(
        { scope: { db } },
        { control: { ...control, suspects: async () => [range] }, store },
      );
    };
    const { text } = store;
    assert.equal((await recover("1.7")).copied.points, 0, "it goes on where nothing was added");
    store.text = text;
    const report = await recover("1.8");
    assert.deepEqual([report.equal, report.continued, report.copied.points], [true, true, 1]);
    assert.deepEqual(await scene.b.points(db, { rp: "days" }), [`m,t=a s="new" ${day(0)}`]);
  });

  test("two at once are safe", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, lines(4_000).join("\n"));
    await writeBytes(scene.b, db, lines(500, 1_000).join("\n"));
    const relay = startSmallRelay({ a: scene.a, b: scene.b });
    const store = memoryStore();
    const both = [1, 2].map(() => scene.recover({ scope: { db } }, { control: relay.control, store }));
    const reports = await Promise.all(both);
    assert.deepEqual(
      reports.map(({ equal }) => equal),
      [true, true],
    );
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
  });

  test("ends with an error when the source dies half way, and the next one goes on", async () => {
    const db = await newDatabase();
    await writeBytes(scene.a, db, lines(3_000).join("\n"));
    const relay = startSmallRelay({ a: scene.a, b: scene.b });
    const store = memoryStore();
    let holds = 0;
    const control = {
      ...relay.control,
      // What a relay keeps for a server that is down is answered when somebody starts it.
      answered: (...args: Parameters<typeof relay.control.answered>) =>
        holds > 0 && args[0] === "a" ? new Promise<void>(() => {}) : relay.control.answered(...args),
      hold: async (...args: Parameters<typeof relay.control.hold>) => {
        if (++holds === 1) await scene.a.kill();
        return await relay.control.hold(...args);
      },
    };
    const error = await scene
      .recover({ scope: { db }, patienceMs: 300 }, { control, store })
      .catch((reason) => reason);
    assert.ok(error instanceof ServerError, String(error));
    assert.deepEqual([error.server, error.failure], ["a", "unavailable"]);
    assert.ok(store.text?.includes(db), "it is known where to go on");
    assert.equal(relay.asked.at(-1), `release b ${db} days`, "nothing stays held");
    await scene.a.start();
    const report = await scene.recover({ scope: { db } }, { store });
    assert.deepEqual([report.equal, report.continued], [true, true]);
    const [a, b] = await points(db);
    assert.deepEqual(b, a);
  });

  test("makes equal whatever was written and whatever was missed", async () => {
    const point = fc.record({
      measurement: fc.constantFrom("m", "m2", "a b", "é"),
      tag: fc.constantFrom("", ",t=a", ",t=b", ",u=a", ",t=a,u=b"),
      day: fc.nat(2),
      at: fc.nat(6),
      value: fc.constantFrom("v=1", "v=2.5", "v=-0", 's="x"', 's=""', 'v=3,s="y"', "i=7i", "f=true"),
      missed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(point, { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        fc.constantFrom(50, 100),
        async (written, deep, percent) => {
          const db = await newDatabase();
          const line = ({ measurement, tag, value, day: on, at }: (typeof written)[number]) =>
            `${measurement.replaceAll(" ", "\\ ")}${tag} ${value} ${day(on) + BigInt(at)}`;
          // One by one, as they may overwrite each other.
          await writeBytes(scene.a, db, written.map(line).join("\n"));
          const taken = written.filter(({ missed }) => !missed).map(line);
          if (taken.length > 0) await writeBytes(scene.b, db, taken.join("\n"));
          // What sums do not see is only promised with `deep`, or where the outage is known.
          const where = { db, rp: "days", min: day(0), max: day(3) };
          const relay = startSmallRelay({ a: scene.a, b: scene.b });
          const control = { ...relay.control, suspects: async () => [where] };
          const report = await scene.recover(
            { scope: { db }, deep, suspectsOnly: !deep },
            { control, percent },
          );
          assert.ok(report.equal, JSON.stringify(report.differences));
          const [a, b] = await points(db);
          assert.deepEqual(b, a);
          for (const server of [scene.a, scene.b]) await server.query(`DROP DATABASE ${db}`);
        },
      ),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  });
});
