import assert from "node:assert/strict";
import { RUNTIMES } from "../../src/config/capabilities.ts";
import type { Status } from "../../src/observe/status-schema.ts";
import type { Fault } from "../support/faults.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import type { Launcher } from "./launcher.ts";
import { assertError, type Scene, type SceneOptions, type SceneTest, stored, writesTo } from "./scene.ts";

/** For {@link buffering}. */
export const EAGER: SceneOptions = { output: { "max-delay-interval": "20ms" } };
/** A connection may be reset under a request: then its outcome is unknown, and the relay waits for 10 s. */
const UNKNOWN_LIMIT_MS = 20_000;
const HOLD: Fault = { kind: "hold", store: "after", path: "/write", times: 1 };

function error(status: number, message: string, times = Number.POSITIVE_INFINITY): Fault {
  return { kind: "status", status, body: `{"error":"${message}"}\n`, path: "/write", times };
}

/** What happens to a write after its answer. */
export function buffering(test: SceneTest, { runtime, spool }: Launcher): void {
  const buffer = spool ? undefined : RUNTIMES[runtime].buffer;
  test("/health/backends/NAME is 503 for a backend that is away, and 200 once it has what it missed", health);
  test("a backend that was down gets what it missed, in order", afterAnOutage, buffer);
  test("a backend that was overloaded gets what it refused", afterOverload, buffer);
  test("a database that one backend lacks holds up no other", besidesALackingDatabase, buffer);
  test("what one backend rejected is not sent to it again", afterARejection);
  test("what nobody took is not kept: the client was told", afterAFailure);
  test("/ready is 503 once writes have found nobody", withoutABackend, NO_MEMORY[runtime]);
}

/** For a scene in which no backend rejects anything: a client with a rejected write is not joined for a while. */
export function joining(test: SceneTest, runtime: Launcher["runtime"]): void {
  const { coalescing } = RUNTIMES[runtime];
  test("writes that wait for a request go together in the next one", joined, coalescing);
}

/** Where the relay does not remember from one request to the next who was down. */
const NO_MEMORY: Readonly<Partial<Record<Launcher["runtime"], string>>> = {
  workers: "requests share no state",
};

async function withoutABackend({ backends, post, newDb, send }: Scene): Promise<void> {
  await Promise.all(backends.map((backend) => backend.refuse()));
  assertError(await post(newDb(), "m v=1 1"), 503, /no InfluxDB answered/);
  const { status, headers } = await send("/ready");
  assert.deepEqual([status, headers["retry-after"]], [503, "1"]);
  assert.equal((await send("/health")).status, 200);
  assert.equal((await send("/ping")).status, 204);
  await Promise.all(backends.map((backend) => backend.listenAgain()));
}

async function health({ a, b, newDb, post, send }: Scene): Promise<void> {
  const db = newDb();
  const of = async (name: string) => (await send(`/health/backends/${name}`)).status;
  await poll(async () => (await of("a")) + (await of("b")) === 400, "both to be in sync");
  await a.refuse();
  assert.equal((await post(db, "m v=1 1")).status, 204);
  await stored([b], db, ["m v=1 1"]);
  await poll(async () => (await of("a")) === 503, "the health of one that is away");
  assert.equal(await of("b"), 200);
  await a.listenAgain();
  await poll(async () => (await of("a")) === 200, "the health of one that is back");
  await stored([a], db, ["m v=1 1"]);
}

async function afterAnOutage({ a, b, backends, newDb, post, send }: Scene): Promise<void> {
  const db = newDb();
  await a.refuse();
  // The same point each time: only the last value stays.
  for (let i = 1; i <= 20; i++) assert.equal((await post(db, `m v=${i} 1`)).status, 204);
  await stored([b], db, ["m v=20 1"]);
  await a.listenAgain();
  await stored(backends, db, ["m v=20 1"], UNKNOWN_LIMIT_MS);
  const lines = writesTo(a, db).flatMap(({ text }) => text.trimEnd().split("\n"));
  assert.deepEqual(
    lines.slice(-20),
    Array.from({ length: 20 }, (_, i) => `m v=${i + 1} 1`),
  );
  const backlog = async () => readStatus<Status>((await send("/status")).text).backends[0]?.backlog.records;
  await poll(async () => (await backlog()) === 0, "an empty backlog");
}

async function afterOverload({ b, backends, newDb, post }: Scene): Promise<void> {
  const db = newDb();
  b.setFault(error(503, "slow down", 3));
  assert.equal((await post(db, "m v=1 1")).status, 204);
  await stored(backends, db, ["m v=1 1"]);
  assert.equal(writesTo(b, db).length, 4);
}

async function besidesALackingDatabase({ b, backends, newDb, post }: Scene): Promise<void> {
  const [lacking, other] = [newDb(), newDb()];
  b.setFault(error(404, "database not found", 1));
  assert.equal((await post(lacking, "m v=1 1")).status, 204);
  assert.equal((await post(other, "m v=2 2")).status, 204);
  await stored(backends, other, ["m v=2 2"]);
  await stored(backends, lacking, ["m v=1 1"]);
}

async function afterARejection({ a, b, newDb, post }: Scene): Promise<void> {
  const db = newDb();
  a.setFault(HOLD);
  b.setFault(error(400, "field type conflict", 1));
  assert.equal((await post(db, "m v=1 1")).status, 400);
  await a.waitForHeld(1);
  a.release();
  assert.equal((await post(db, "m v=2 2")).status, 204);
  await stored([b], db, ["m v=2 2"]);
  await stored([a], db, ["m v=1 1", "m v=2 2"]);
  assert.equal(writesTo(b, db).length, 2);
}

async function afterAFailure({ a, b, backends, newDb, post }: Scene): Promise<void> {
  const db = newDb();
  for (const backend of backends) backend.setFault(error(500, "broken"));
  const answer = await post(db, "m v=1 1");
  assert.deepEqual([answer.status, answer.text], [500, '{"error":"broken"}\n']);
  for (const backend of backends) backend.setFault();
  assert.equal((await post(db, "m v=2 2")).status, 204);
  await stored(backends, db, ["m v=2 2"]);
  for (const backend of [a, b]) {
    assert.deepEqual(
      writesTo(backend, db).map(({ text }) => text.trim()),
      ["m v=1 1", "m v=2 2"],
    );
  }
}

async function joined({ a, b, backends, newDb, post, send }: Scene): Promise<void> {
  const db = newDb();
  const counted = async () =>
    readStatus<Status>((await send("/status")).text).listeners[0]?.counters["writes"] ?? 0;
  const before = await counted();
  for (const backend of backends) backend.setFault(HOLD);
  const write = (i: number) => post(db, `m v=${i} ${i}`);
  const answers = [write(1)];
  await Promise.all([a.waitForHeld(1), b.waitForHeld(1)]);
  for (let i = 2; i <= 6; i++) answers.push(write(i));
  await poll(async () => (await counted()) === before + 6, "six writes");
  for (const backend of backends) backend.release();
  for (const answer of answers) assert.equal((await answer).status, 204);
  await stored(
    backends,
    db,
    [1, 2, 3, 4, 5, 6].map((i) => `m v=${i} ${i}`),
  );
  for (const backend of backends) assert.equal(writesTo(backend, db).length, 2);
}
