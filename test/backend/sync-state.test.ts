import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../src/backend/backend.ts";
import { TransportError } from "../../src/errors.ts";
import { CrashableFiles } from "../support/crashable-files.ts";
import { httpAnswer, influxError, type Script, type SentRequest } from "../support/test-platform.ts";
import { createReplicaSet } from "./replica-set.ts";
import { DOWN, line, startLife, UP } from "./spool-life.ts";

const refused = () => new TransportError("refused", false, "connection refused");
const isPing = ({ path }: SentRequest) => path === "/ping";

/** Two watched backends; `b` does what the script says, `a` stores everything. */
async function watched(b: Script) {
  const set = createReplicaSet((request) => (request.origin === "http://b" ? b(request) : httpAnswer(204)));
  await Promise.all(
    set.backends.map(async (backend) => {
      await backend.open();
      void backend.watch();
    }),
  );
  await set.clock.advance(0);
  const backend = set.backends[1] as Backend;
  const pings = () =>
    set.platform.sent.filter((request) => request.origin === "http://b" && isPing(request)).length;
  return { ...set, b: backend, pings };
}

test("one good answer is enough for a new backend, and it is asked once a second while nothing is heard", async () => {
  const { b, clock, pings } = await watched(() => httpAnswer(204));
  assert.deepEqual([b.isInSync(), b.outOfSync(), b.staleMs()], [true, [], 0]);
  assert.equal(pings(), 1);
  await clock.advance(10_000);
  assert.equal(pings(), 11);
});

test("a backend that stores writes is not asked", async () => {
  const { b, clock, pings, post } = await watched(() => httpAnswer(204));
  for (let i = 0; i < 20; i++) {
    await post(`m v=1 ${i}`);
    await clock.advance(500);
  }
  assert.equal(pings(), 1);
  assert.ok(b.isInSync());
});

test("two checks in a row without an answer take it out, and close the gate; one does not", async () => {
  let failing = 0;
  const { b, clock, platform } = await watched(() => {
    if (failing-- > 0) throw refused();
    return httpAnswer(204);
  });
  failing = 1;
  await clock.advance(1_500);
  assert.deepEqual([b.isInSync(), b.up], [true, true]);
  assert.ok(!platform.logged.some(({ event }) => event === "backend-down"));
  failing = Number.POSITIVE_INFINITY;
  await clock.advance(2_000);
  assert.deepEqual([b.isInSync(), b.up], [false, false]);
  assert.deepEqual(b.outOfSync(), ["down: no answer to ping"]);
});

test("a backend that hangs is out within two checks and their timeouts", async () => {
  let hangs = false;
  const { b, clock } = await watched(() => (hangs ? new Promise(() => {}) : httpAnswer(204)));
  hangs = true;
  await clock.advance(6_000);
  assert.ok(!b.isInSync());
  assert.ok(b.staleMs() < 1_000, `${b.staleMs()}`);
});

test("it comes back after two good ones", async () => {
  let down = false;
  const { b, clock } = await watched(() => {
    if (down) throw refused();
    return httpAnswer(204);
  });
  down = true;
  await clock.advance(60_000);
  assert.equal(Math.round(b.staleMs() / 10_000), 6);
  down = false;
  // Until the gate asks again: its wait is at most 10 s.
  for (let ms = 0; ms < 10_000 && !b.up; ms += 100) await clock.advance(100);
  assert.deepEqual([b.up, b.isInSync()], [true, false]);
  await clock.advance(1_000);
  assert.ok(b.isInSync());
});

test("an answer that is no 2xx counts against it, and closes nothing", async () => {
  let status = 401;
  const { b, clock } = await watched((request) => httpAnswer(isPing(request) ? status : 204));
  assert.deepEqual(b.outOfSync(), ["down: /ping is answered with 401"]);
  assert.ok(b.up);
  status = 200;
  await clock.advance(1_000);
  assert.ok(!b.isInSync(), "one is not enough");
  await clock.advance(1_000);
  assert.ok(b.isInSync());
});

test("a write without an answer takes it out at once", async () => {
  let down = false;
  const { b, clock, post } = await watched(() => {
    if (down) throw refused();
    return httpAnswer(204);
  });
  down = true;
  await post("m v=1 1");
  await clock.advance(0);
  assert.deepEqual(b.outOfSync()[0], "down: refused");
});

for (const status of [500, 503]) {
  test(`a backend that answers pings, and writes with ${status}, is behind for that database only`, async () => {
    let failing = true;
    const { b, clock, post } = await watched((request) =>
      isPing(request) || !failing || request.path.includes("db=other")
        ? httpAnswer(204)
        : influxError(status, "no"),
    );
    await post("m v=1 1", { db: "d" });
    await post("m v=1 1", { db: "other" });
    await clock.advance(1_000);
    assert.deepEqual([b.isInSync("d"), b.isInSync("other"), b.isInSync()], [false, true, false]);
    assert.deepEqual(b.outOfSync(), ["behind: it lacks 1 write"]);
    await clock.advance(60_000);
    assert.ok(b.staleMs("d") > 60_000 && b.staleMs("d") <= 61_000, `${b.staleMs("d")}`);
    assert.equal(b.staleMs("other"), 0);
    failing = false;
    await clock.advance(11_000);
    assert.deepEqual([b.isInSync("d"), b.isInSync(), b.staleMs("d")], [true, true, 0]);
  });
}

test("a write that hangs takes the database out, although nothing is kept", async () => {
  let hangs = true;
  const { b, clock, post } = await watched((request) =>
    hangs && !isPing(request) && request.path.includes("db=d") ? new Promise(() => {}) : httpAnswer(204),
  );
  void post("m v=1 1");
  await clock.advance(1_001);
  assert.deepEqual([b.isInSync("d"), b.isInSync("other"), b.up], [false, true, true]);
  assert.deepEqual(b.outOfSync(), ["behind: a write is on its way for long"]);
  hangs = false;
});

test("writes that only wait for their turn do not count", async () => {
  let slowly = async () => httpAnswer(204);
  const { b, clock, post } = await watched(() => slowly());
  slowly = async () => {
    await new Promise<void>((resolve) => clock.after(150, resolve));
    return httpAnswer(204);
  };
  for (let i = 0; i < 200; i++) {
    void post(`m v=${i} ${i}`);
    await clock.advance(40);
    assert.ok(b.isInSync(), `at ${i}: ${b.outOfSync()}`);
  }
});

test("what is held takes the database out until it is there", async () => {
  let missing = true;
  const { b, clock, post } = await watched((request) =>
    missing && request.path.includes("db=lacking") ? influxError(404, "database not found") : httpAnswer(204),
  );
  await post("m v=1 1", { db: "lacking" });
  await clock.advance(1_000);
  assert.deepEqual([b.isInSync("lacking"), b.isInSync("d")], [false, true]);
  assert.deepEqual(b.outOfSync(), ["held: it is not ready for the destination of 1 write"]);
  missing = false;
  await clock.advance(11_000);
  assert.ok(b.isInSync());
});

test("ranges that were lost count for their database until they are repaired", async () => {
  const { b, clock } = await watched(() => httpAnswer(204));
  const { lost } = b.handoff;
  lost.add("d", "", { minNs: 1n, maxNs: 9n });
  await clock.advance(5_000);
  assert.deepEqual([b.isInSync("d"), b.isInSync("e"), b.isInSync()], [false, true, false]);
  assert.deepEqual(b.outOfSync(), ["lost: writes for it were dropped in 1 range of time"]);
  assert.ok(b.staleMs("d") >= 4_500);
  lost.remove({ db: "d", rp: "", minNs: 1n, maxNs: 9n }, lost.revision);
  assert.deepEqual([b.isInSync(), b.staleMs()], [true, 0]);
  b.handoff.suspect.addUnknown();
  assert.ok(!b.isInSync("e"));
});

test("who drains it takes back only his own drain, and a person all", async () => {
  const { b } = await watched(() => httpAnswer(204));
  await b.drain("operator");
  await b.drain("recovery");
  await b.drain("operator");
  assert.deepEqual(b.outOfSync(), ["drained by operator", "drained by recovery"]);
  assert.deepEqual([b.drained, b.isInSync()], [true, false]);
  await b.resume("recovery");
  assert.deepEqual(b.outOfSync(), ["drained by operator"]);
  await b.drain("recovery");
  await b.resume();
  assert.deepEqual([b.drained, b.isInSync()], [false, true]);
});

test("with a disk, a drain survives a restart, and so does its end", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files, UP);
  await first.backend.drain("operator");
  await first.stop();
  const second = await startLife(files, UP);
  assert.deepEqual(
    second.status().drained.map(({ by }) => by),
    ["operator"],
  );
  await second.backend.resume();
  await second.stop();
  const third = await startLife(files, UP);
  assert.equal(third.backend.drained, false);
  await third.stop();
});

test("what was kept before a restart is as old as its oldest record, and takes it out from the first moment", async () => {
  const files = new CrashableFiles();
  const first = await startLife(files, DOWN);
  await first.write(line(1));
  await first.clock.advance(3_600_000);
  await first.write(line(2));
  await first.stop();
  const second = await startLife(files, DOWN, { startMs: first.clock.now() });
  const { backend, clock, b } = second;
  assert.ok(backend.isBehind("d"));
  void backend.watch();
  await clock.advance(0);
  const hour = backend.staleMs("d");
  assert.ok(hour >= 3_600_000 && hour < 3_601_000, `${hour}`);
  b.answer = UP;
  await clock.advance(30_000);
  assert.deepEqual([backend.isInSync(), backend.outOfSync()], [true, []]);
  await second.stop();
});
