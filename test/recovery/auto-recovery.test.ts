import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../src/backend/backend.ts";
import type { RecoveryConfig } from "../../src/config/config.ts";
import { RECOVERY_DEFAULTS } from "../../src/config/defaults.ts";
import { createLog } from "../../src/observe/log.ts";
import type { Task } from "../../src/recovery/auto-plan.ts";
import { AutoRecovery } from "../../src/recovery/auto-recovery.ts";
import type { Outcome, Settled } from "../../src/recovery/auto-run.ts";
import { ServerError } from "../../src/recovery/errors.ts";
import { type LeaseRepair, RepairedElsewhereError } from "../../src/recovery/repair-lease.ts";
import { createReplicaSet } from "../backend/replica-set.ts";
import { createTestPlatform, httpAnswer } from "../support/test-platform.ts";

const EQUAL: Outcome = { points: 3, differs: undefined };
const DIFFERENT: Outcome = { points: 0, differs: "d.autogen.m (1 extra)" };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NOON = Date.UTC(2026, 0, 1, 12);

interface Call {
  readonly task: Task<Backend>;
  readonly signal: AbortSignal;
  readonly end: (outcome: Outcome | Error) => void;
}

/** Three replicas, and recoveries that the test ends. */
async function fixture(config: Partial<RecoveryConfig> = {}) {
  const platform = createTestPlatform({ http: () => httpAnswer(204), startMs: NOON });
  const set = createReplicaSet(() => httpAnswer(204), { platform, outputs: [{}, {}, {}] });
  for (const backend of set.backends) {
    await backend.open();
    void backend.watch();
  }
  const calls: Call[] = [];
  const settings = {
    config: { ...RECOVERY_DEFAULTS, ...config },
    unknown: (_: Backend): string | undefined => undefined,
    lease: (() => async () => {}) as (...args: Parameters<LeaseRepair>) => Awaited<ReturnType<LeaseRepair>>,
  };
  const auto = new AutoRecovery({
    platform,
    log: createLog(platform.log, platform.clock),
    config: () => settings.config,
    sets: () => [set.backends],
    missing: { look: () => {}, unknown: (backend) => settings.unknown(backend) },
    lease: async (...args) => settings.lease(...args),
    run: (task, _config, _meter, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        calls.push({ task, signal, end: (o) => (o instanceof Error ? reject(o) : resolve(o)) });
      }),
  });
  auto.start();
  const [a, b, c] = set.backends as [Backend, Backend, Backend];
  const status = (name: string) => auto.status().find((each) => each.name === name) ?? assert.fail(name);
  const end = async (outcome: Outcome | Error) => {
    const call = calls.at(-1) ?? assert.fail("nothing runs");
    call.end(outcome);
    await set.clock.advance(0);
  };
  await set.clock.advance(SECOND);
  return { ...set, auto, calls, end, a, b, c, status, settings, logged: platform.logged };
}

const lose = ({ handoff }: Backend, db = "d", maxNs = 9n) => handoff.lost.add(db, "", { minNs: 0n, maxNs });

test("a backend that lost something is repaired, and that is forgotten once it is equal", async () => {
  const { b, clock, calls, end, status } = await fixture();
  assert.deepEqual(status("b"), { name: "b", state: "idle", alarms: [] });
  lose(b);
  await clock.advance(SECOND);
  assert.deepEqual(
    calls.map(({ task: { kind, db, target, other } }) => [kind, db, target.name, other.name]),
    [["repair", "d", "b", "a"]],
  );
  assert.equal(status("b").state, "repairing");
  await end(EQUAL);
  assert.equal(b.handoff.lost.size, 0);
  assert.equal(b.isInSync(), true);
  const { result, points, from } = status("b").last ?? assert.fail();
  assert.deepEqual([result, points, from], ["equal", 3, "a"]);
});

test("nothing is begun before it is known whether the backend lacks whole databases", async () => {
  const { b, clock, calls, status, settings } = await fixture();
  settings.unknown = (backend) => (backend === b ? "it is asked" : undefined);
  lose(b);
  await clock.advance(5 * SECOND);
  assert.equal(calls.length, 0);
  assert.equal(status("b").waiting, "it is asked");
  settings.unknown = () => undefined;
  await clock.advance(SECOND);
  assert.equal(calls.length, 1);
});

test("the other relays are told which databases a backend lacks as a whole", async () => {
  const { b, clock, settings } = await fixture();
  const told: unknown[] = [];
  settings.lease = (...args) => {
    told.push(args);
    return async () => {};
  };
  lose(b);
  b.handoff.lacksDatabase("whole");
  b.handoff.lost.addUnknown();
  await clock.advance(SECOND);
  assert.deepEqual(told, [["b", ["whole"]]]);
});

test("what is lost while it runs is not forgotten with the rest", async () => {
  const { b, clock, calls, end } = await fixture();
  lose(b);
  await clock.advance(SECOND);
  lose(b, "d", 20n);
  await end(EQUAL);
  assert.equal(b.handoff.lost.size, 1);
  await clock.advance(SECOND);
  assert.equal(calls.length, 2);
});

test("one recovery runs at a time", async () => {
  const { b, c, clock, calls, end, status } = await fixture();
  lose(b);
  lose(b, "e");
  lose(c);
  await clock.advance(5 * SECOND);
  assert.equal(calls.length, 1);
  assert.deepEqual([status("c").state, status("c").waiting], ["waiting", "b is being looked after first"]);
  await end(EQUAL);
  await clock.advance(SECOND);
  await end(EQUAL);
  await clock.advance(SECOND);
  assert.deepEqual(
    calls.map(({ task }) => `${task.target.name} ${task.db}`),
    ["b d", "b e", "c d"],
  );
});

test("what fails is tried again later and later", async () => {
  const { b, clock, calls, end, status } = await fixture();
  lose(b);
  const pauses: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = calls.length;
    let waited = 0;
    for (; calls.length === before; waited++) await clock.advance(SECOND);
    pauses.push(waited);
    await end(new ServerError("a", "unavailable", "gone"));
    assert.deepEqual([status("b").last?.result, status("b").last?.error], ["failed", "a: gone"]);
  }
  assert.deepEqual(pauses, [1, 5, 10, 20, 40]);
  assert.equal(b.handoff.lost.size, 1);
});

test("what still differs is an alarm until somebody has settled it", async () => {
  const { b, clock, calls, end, status, logged } = await fixture();
  lose(b);
  await clock.advance(SECOND);
  await end(DIFFERENT);
  const [alarm] = status("b").alarms;
  assert.deepEqual(alarm?.command, ["compare", "--from", "a", "--to", "b", "--db", "d", "--deep"]);
  assert.equal(alarm?.what, DIFFERENT.differs);
  assert.equal(b.isInSync("d"), false);
  assert.ok(logged.some(({ event, level }) => event === "replicas-differ" && level === "error"));
  await clock.advance(MINUTE);
  assert.equal(calls.length, 1);
  await b.handoff.repaired([{ db: "d", rp: "", minNs: 0n, maxNs: 9n }], { lost: 99, suspect: 99 });
  await clock.advance(SECOND);
  assert.deepEqual(status("b").alarms, []);
});

test("what only a person can make is looked for every few seconds, and there the matter ends", async () => {
  const { b, clock, calls, end, status } = await fixture();
  let settled: Settled = "no";
  const outcome = { ...DIFFERENT, settled: async () => settled };
  lose(b);
  await clock.advance(SECOND);
  await end(outcome);
  await clock.advance(10 * SECOND);
  assert.deepEqual([calls.length, status("b").alarms.length], [1, 1]);
  settled = "yes";
  await clock.advance(6 * SECOND);
  assert.deepEqual([calls.length, status("b").alarms, status("b").last?.result], [1, [], "equal"]);
  assert.equal(b.isInSync(), true);
});

test("what was lost since then is not forgotten with it", async () => {
  const { b, clock, calls, end } = await fixture();
  lose(b);
  await clock.advance(SECOND);
  await end({ ...DIFFERENT, settled: async () => "yes" });
  lose(b, "d", 20n);
  await clock.advance(6 * SECOND);
  assert.deepEqual([calls.length, b.isInSync()], [2, false]);
});

test("a backend that was rebuilt once more does not wait for what is not true any more", async () => {
  const { b, clock, calls, end } = await fixture();
  lose(b);
  await clock.advance(SECOND);
  await end({ ...DIFFERENT, settled: async () => "again" });
  await clock.advance(7 * SECOND);
  assert.equal(calls.length, 2);
});

test("where both may differ and do not, it is forgotten on both", async () => {
  const { a, b, c, clock, calls, end } = await fixture();
  for (const each of [a, b, c]) each.handoff.suspect.add("d", "", { minNs: 0n, maxNs: 9n });
  await clock.advance(SECOND);
  assert.equal(calls[0]?.task.kind, "compare");
  await end(EQUAL);
  assert.deepEqual(
    [a, b, c].map(({ handoff }) => handoff.suspect.size),
    [0, 0, 1],
  );
});

test("an operator comes first, also when it has begun", async () => {
  const { b, a, clock, calls, status, end } = await fixture();
  lose(b);
  await clock.advance(SECOND);
  await a.drain("operator");
  await clock.advance(SECOND);
  assert.equal(calls[0]?.signal.aborted, true);
  assert.equal(status("b").last?.error, "a was drained by operator");
  await clock.advance(10 * SECOND);
  assert.equal(calls[1]?.task.other.name, "c");
  await b.drain("operator");
  await clock.advance(MINUTE);
  assert.equal(calls.length, 2);
  assert.equal(status("b").waiting, "it is drained by operator");
  await b.resume();
  await clock.advance(MINUTE);
  await end(EQUAL);
  assert.equal(b.isInSync(), true);
});

test("nothing is begun in quiet hours, and what runs when they begin goes on after them", async () => {
  const quietHours = { fromMinute: 12 * 60 + 1, untilMinute: 12 * 60 + 2 };
  const { b, clock, calls, status } = await fixture({ quietHours });
  lose(b);
  await clock.advance(SECOND);
  await clock.advance(MINUTE);
  assert.deepEqual([calls.length, calls[0]?.signal.aborted], [1, true]);
  assert.equal(status("b").waiting, "these are quiet hours");
  await clock.advance(50 * SECOND);
  assert.equal(calls.length, 1);
  await clock.advance(10 * SECOND);
  assert.equal(calls.length, 2);
});

test("nothing is done by itself where that is not wanted", async () => {
  const { b, clock, calls, status, settings } = await fixture({ mode: "manual" });
  lose(b);
  await clock.advance(MINUTE);
  assert.deepEqual([calls.length, status("b").waiting], [0, "[recovery] mode is manual"]);
  settings.config = RECOVERY_DEFAULTS;
  await clock.advance(SECOND);
  assert.equal(calls.length, 1);
});

test("it ends with the relay", async () => {
  const { b, auto, clock, calls } = await fixture();
  lose(b);
  await clock.advance(SECOND);
  await auto.stop();
  assert.equal(calls[0]?.signal.aborted, true);
  await clock.advance(MINUTE);
  assert.equal(calls.length, 1);
});

test("what another relay repairs is left to it, and looked at once it has ended", async () => {
  const { b, clock, calls, end, status, settings, logged } = await fixture();
  let ended = 0;
  settings.lease = () => {
    throw new RepairedElsewhereError("the relay r1:9097");
  };
  lose(b);
  await clock.advance(MINUTE);
  assert.deepEqual([calls.length, status("b").state], [0, "waiting"]);
  assert.equal(status("b").waiting, "the relay r1:9097 repairs it");
  assert.equal(status("b").last, undefined);
  assert.ok(!logged.some(({ event }) => event.startsWith("recovery-")));
  settings.lease = () => async () => void ended++;
  await clock.advance(10 * SECOND);
  assert.deepEqual([calls.length, ended], [1, 0]);
  await end(new ServerError("a", "unavailable", "gone"));
  assert.equal(ended, 1);
});
