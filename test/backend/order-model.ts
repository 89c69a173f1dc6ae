import assert from "node:assert/strict";
import fc from "fast-check";
import { TransportError } from "../../src/errors.ts";
import type { Consistency, Write } from "../../src/writer.ts";
import { CrashableFiles, type CrashKind } from "../support/crashable-files.ts";
import { createTestPlatform, httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";
import type { VirtualClock } from "../support/virtual-clock.ts";
import { openCrashable } from "./crashable-storage.ts";
import { createReplicaSet, EXECUTED, OUTPUT, statementFailed, statementIn } from "./replica-set.ts";

type Weather = "up" | "refused" | "busy" | "broken" | "hung" | "lost-answer" | "slow";
/** What a server finds wrong with one database, one user, or one kind of body, whatever the weather. */
type Fault = "no-database" | "no-user" | "partial-outage" | "chokes" | "small";
/** `poison` is rejected by every server, `sour` by the last one, `choke` fails where the server chokes on it. */
type Taste = "good" | "poison" | "sour" | "choke";

interface Server {
  weather: Weather;
  readonly faults: Set<Fault>;
  /** Lines by database and resolved policy, as they were stored. */
  readonly stored: string[];
  readonly inFlight: Map<string, number>;
  /** Databases of the statement that is being executed. */
  readonly changing: Set<string>;
  /** Requests that it will come to, whether or not the relay is still there. */
  readonly working: Set<SentRequest>;
}

export type Step =
  | {
      kind: "write";
      /** So many alike, in one turn of the event loop. */
      times?: number;
      db?: string;
      rp?: string;
      user?: string;
      taste?: Taste;
      keep?: Write["keep"];
      consistency?: Consistency;
    }
  | { kind: "change"; scope?: readonly string[] | undefined; taste?: Taste }
  /** A server gets nothing of a database, until it is paused again. */
  | { kind: "pause"; server: number; db: string }
  | { kind: "weather"; server: number; weather: Weather }
  | { kind: "fault"; server: number; fault: Fault; on: boolean }
  | { kind: "reload"; server: number }
  /** The process ends at once, or the machine; with what is on the disk it starts again. */
  | { kind: "crash"; how: CrashKind; atCall: number }
  /** So many calls of the disk fail from now on. */
  | { kind: "disk-fault"; calls: number }
  | { kind: "wait"; ms: number };

export interface Case {
  readonly servers: 2 | 3;
  /** Of every backend, in bytes. */
  readonly bufferSize: number;
  /** How long a server thinks about its policies, in milliseconds; "known" if that is over before the first step. */
  readonly policies: "known" | number;
  /** Stopped after the last step, instead of given the time to deliver everything. */
  readonly stop: boolean;
  readonly steps: readonly Step[];
  readonly seed: number;
  /** What backends lack is stored on disk; then nothing is dropped. */
  readonly disk?: boolean;
}

const server = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      times: fc.constantFrom(1, 1, 1, 3),
      db: fc.constantFrom("d", "d", "e"),
      rp: fc.constantFrom("", "", "autogen"),
      user: fc.constantFrom("u", "u", "x"),
      taste: fc.constantFrom<Taste>("good", "good", "good", "good", "poison", "sour", "choke"),
      keep: fc.constantFrom<Write["keep"]>("acknowledged", "acknowledged", "always"),
      consistency: fc.constantFrom<Consistency>("one", "one", "quorum", "all"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("weather" as const),
      server,
      weather: fc.constantFrom<Weather>(
        "up",
        "up",
        "refused",
        "busy",
        "broken",
        "hung",
        "lost-answer",
        "slow",
        "slow",
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      server,
      fault: fc.constantFrom<Fault>("no-database", "no-user", "partial-outage", "chokes", "small"),
      on: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      scope: fc.constantFrom(["d"], ["d"], ["e"], ["d", "e"], undefined),
      taste: fc.constantFrom<Taste>("good", "good", "good", "good", "poison", "sour"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pause" as const), server, db: fc.constantFrom("d", "e") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reload" as const), server }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 15_000 }), fc.integer({ min: 0, max: 300 })),
    }),
  },
);

const crash: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("crash" as const),
  how: fc.constantFrom<CrashKind>("kill", "power cut"),
  // 0: between two calls of the disk; else in the middle of the one that comes so many later.
  atCall: fc.nat(12),
});
const diskFault: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("disk-fault" as const),
  calls: fc.constantFrom(0, 1, 2, 5, 40),
});

/** With a disk, and crashes. */
export const anyDiskCase: fc.Arbitrary<Case> = fc.record({
  servers: fc.constantFrom(2, 3),
  bufferSize: fc.constant(1 << 26),
  policies: fc.oneof(fc.constant("known" as const), fc.constantFrom(0, 50, 5_000)),
  stop: fc.boolean(),
  steps: fc.array(
    fc.oneof(
      { weight: 14, arbitrary: step },
      { weight: 1, arbitrary: crash },
      { weight: 1, arbitrary: diskFault },
    ),
    {
      minLength: 5,
      maxLength: 60,
    },
  ),
  seed: fc.integer(),
  disk: fc.constant(true),
});

export const anyCase: fc.Arbitrary<Case> = fc.record({
  servers: fc.constantFrom(2, 3),
  // A record is counted with 800 bytes more than its body.
  bufferSize: fc.constantFrom(1 << 26, 1 << 26, 0, 2_000, 5_000),
  policies: fc.oneof(fc.constant("known" as const), fc.constantFrom(0, 50, 5_000)),
  stop: fc.boolean(),
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
  seed: fc.integer(),
});

const POLICIES =
  '{"results":[{"series":[{"columns":["name","default"],"values":[["other",false],["autogen",true]]}]}]}';

function lines(request: SentRequest): string[] {
  return request.text.trimEnd().split("\n");
}

/** In `stored` a statement stands as it is: a wrong order of it and the writes shows there. */
function execute(server: Server, statement: string, last: boolean) {
  if (server.weather === "busy") return httpAnswer(503, "", { "retry-after": "1" });
  if (server.weather === "broken") return httpAnswer(500, "disk full");
  if (server.faults.has("no-user")) return influxError(401, "authorization failed");
  if (server.faults.has("partial-outage")) return statementFailed("engine is closed");
  if (statement.includes("poison") || (last && statement.includes("sour")))
    return statementFailed("shard 1: fields not supported in WHERE clause during deletion");
  server.stored.push(statement);
  if (server.weather === "lost-answer") throw new TransportError("reset", true, "reset");
  return EXECUTED;
}

function answerOf(server: Server, request: SentRequest, last: boolean) {
  const statement = statementIn(request);
  if (statement !== undefined) return execute(server, statement, last);
  const query = new URLSearchParams(request.path.split("?")[1]);
  const has = (fault: Fault) => server.faults.has(fault);
  if (has("small") && request.body.byteLength > 40) return influxError(413, "Request Entity Too Large");
  if (server.weather === "busy") return httpAnswer(503, "", { "retry-after": "1" });
  if (server.weather === "broken") return httpAnswer(500, "disk full");
  if (has("partial-outage") && query.get("db") === "e") return httpAnswer(503);
  if (has("no-database") && query.get("db") === "d") return influxError(404, "database not found");
  if (has("no-user") && request.headers["authorization"] === "x")
    return influxError(401, "authorization failed");
  if (has("chokes") && request.text.includes("choke")) return influxError(500, "engine: choked");
  const refused = (line: string) => line.includes("poison") || (last && line.includes("sour"));
  server.stored.push(...lines(request).filter((line) => !refused(line)));
  if (server.weather === "lost-answer") throw new TransportError("reset", true, "reset");
  if (lines(request).some(refused)) return influxError(400, "partial write");
  return httpAnswer(204);
}

async function serve(
  server: Server,
  request: SentRequest,
  last: boolean,
  clock: VirtualClock,
  thinkMs: number,
) {
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  if (server.weather === "refused") throw new TransportError("refused", false, "refused");
  if (server.weather === "hung") return new Promise<never>(() => {});
  if (request.path.startsWith("/ping")) return httpAnswer(204);
  const statement = statementIn(request);
  if (request.path.startsWith("/query") && statement === undefined) {
    if (thinkMs > 0) await sleep(thinkMs);
    return httpAnswer(200, POLICIES);
  }
  if (server.weather !== "slow") return answerOf(server, request, last);
  server.working.add(request);
  if (statement !== undefined) return serveSlowly(server, request, last, statement, sleep);
  const db = new URLSearchParams(request.path.split("?")[1]).get("db") ?? "";
  assert.ok(!server.changing.has(db), "nothing is written while a statement is executed");
  const lane = `${request.path} ${request.headers["authorization"]}`;
  assert.equal(server.inFlight.get(lane) ?? 0, 0, "one request of a lane in flight");
  server.inFlight.set(lane, 1);
  await sleep(70);
  server.inFlight.delete(lane);
  server.working.delete(request);
  return answerOf(server, request, last);
}

async function serveSlowly(
  server: Server,
  request: SentRequest,
  last: boolean,
  statement: string,
  sleep: (ms: number) => Promise<void>,
) {
  const dbs = ["d", "e"].filter((db) => statement.includes(`<${db}>`));
  for (const db of dbs) {
    assert.ok(![...server.inFlight.keys()].some((key) => key.includes(`db=${db}`)), "it runs alone");
    assert.ok(!server.changing.has(db), "one at a time");
    server.changing.add(db);
  }
  await sleep(70);
  for (const db of dbs) server.changing.delete(db);
  server.working.delete(request);
  return answerOf(server, request, last);
}

function ignoreReset(answer: () => unknown): void {
  try {
    answer();
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
  }
}

interface Posted {
  readonly line: string;
  /** What keeps one order: database, policy and user. */
  readonly stream: string;
  readonly taste: Taste;
  readonly keep: Write["keep"];
  readonly db: string;
  status: number | undefined;
}

/** A statement; `at`: so many writes were posted before it. */
interface Changed extends Pick<Posted, "line" | "taste" | "status"> {
  readonly dbs: readonly string[];
  readonly at: number;
}

/** Runs one case and asserts what must hold, whatever the backends do. */
export async function runCase({ servers: count, bufferSize, policies, stop, steps, seed, disk }: Case) {
  const servers = Array.from(
    { length: count },
    (): Server => ({
      weather: "up",
      faults: new Set(),
      stored: [],
      inFlight: new Map(),
      changing: new Set(),
      working: new Set(),
    }),
  );
  const names = servers.map((_, i) => String.fromCharCode("a".charCodeAt(0) + i));
  let generation = 0;
  let files = new CrashableFiles();

  /** One life of the relay. */
  async function start() {
    const own = ++generation;
    const platform = createTestPlatform({
      seed: seed + own,
      http: (request) => {
        if (own !== generation) return new Promise<never>(() => {});
        const i = names.indexOf(request.origin.slice("http://".length));
        const thinkMs = policies === "known" ? 0 : policies;
        return serve(servers[i] as Server, request, i === count - 1, platform.clock, thinkMs);
      },
    });
    const storages = disk ? await openCrashable(files, names, platform) : undefined;
    const outputs = servers.map(() => ({ bufferSize }));
    const life = createReplicaSet(() => undefined as never, {
      ...{ seed, outputs, platform },
      ...(storages && { storages }),
    });
    for (const backend of life.backends) await backend.open();
    return life;
  }

  let set = await start();
  const posted: Posted[] = [];
  const changed: Changed[] = [];
  const pauses = new Map<string, Promise<() => void>>();

  let crashed: CrashableFiles | undefined;

  /** From now on nothing reaches anybody any more. */
  function die(how: CrashKind) {
    crashed = files.crashClone(how, seed + generation);
    files.onCall = () => {};
    generation++;
    for (const entry of [...posted, ...changed]) entry.status ??= 0;
    for (const server of servers) {
      server.inFlight.clear();
      server.changing.clear();
    }
    pauses.clear();
  }

  async function rise() {
    if (crashed === undefined) return;
    files = crashed;
    crashed = undefined;
    set = await start();
    servers.forEach((server, i) => {
      for (const request of server.working) {
        const later = (request.body.byteLength * 977) % 9_000;
        set.clock.after(later, () => void ignoreReset(() => answerOf(server, request, i === count - 1)));
      }
      server.working.clear();
    });
    await set.clock.advance(0);
  }

  async function crash(how: CrashKind, atCall: number) {
    if (atCall === 0) die(how);
    else {
      let left = atCall;
      files.onCall = () => {
        if (--left === 0) die(how);
      };
    }
    await rise();
  }

  function failDisk(calls: number) {
    let left = calls;
    files.fault = () => (left-- > 0 ? { failure: "io", written: 0.5, drop: true } : undefined);
  }

  function post({
    db = "d",
    rp = "",
    user = "u",
    taste = "good",
    keep,
    consistency,
  }: Step & { kind: "write" }) {
    const policy = policies === "known" ? "autogen" : rp;
    const line = `m,t=${taste} v=${posted.length} 1`;
    const entry: Posted = {
      line,
      stream: `${db} ${policy} ${user}`,
      taste,
      db,
      keep: keep ?? "acknowledged",
      status: undefined,
    };
    posted.push(entry);
    // It may have died since the last step.
    if (crashed !== undefined) entry.status = 0;
    const own = generation;
    const options = { db, rp, credentials: { authorization: user }, source: taste };
    void set
      .post(line, {
        ...options,
        ...(keep === undefined ? {} : { keep }),
        ...(consistency === undefined ? {} : { consistency }),
      })
      .then(({ status }) => {
        if (own === generation) entry.status ??= status;
      });
  }

  function change({ scope, taste = "good" }: Step & { kind: "change" }) {
    const dbs = scope ?? ["d", "e"];
    const line = `DELETE ${changed.length} ${taste} ${dbs.map((db) => `<${db}>`).join("")}`;
    const entry: Changed = { line, dbs, taste, at: posted.length, status: undefined };
    changed.push(entry);
    if (crashed !== undefined) entry.status = 0;
    const own = generation;
    void set.change(line, { scope }).then(({ status, kind }) => {
      if (own === generation) entry.status ??= kind === "stored" ? 204 : status;
    });
  }

  function pause(i: number, db: string) {
    const key = `${i} ${db}`;
    const known = pauses.get(key);
    if (known === undefined)
      pauses.set(key, (set.backends[i] as (typeof set.backends)[number]).pause(db, undefined));
    else {
      pauses.delete(key);
      void known.then((end) => end());
    }
  }

  async function run(action: Step) {
    if (action.kind === "change") return change(action);
    if (action.kind === "wait") return set.clock.advance(action.ms);
    if (action.kind === "crash") return crash(action.how, action.atCall);
    if (action.kind === "disk-fault") return failDisk(action.calls);
    if (action.kind === "write") {
      for (let i = 0; i < (action.times ?? 1); i++) post(action);
      // A whole turn only now and then, so that writes of several kinds are joined.
      return (action.times ?? 1) > 1 ? undefined : set.clock.advance(0);
    }
    const i = action.server % count;
    const server = servers[i] as Server;
    if (action.kind === "pause") return pause(i, action.db);
    if (action.kind === "weather") server.weather = action.weather;
    else if (action.kind === "fault") server.faults[action.on ? "add" : "delete"](action.fault);
    else {
      const name = String.fromCharCode(97 + i);
      set.backends[i]?.reconfigure({ ...OUTPUT, name, origin: `http://${name}`, bufferSize });
    }
  }

  if (policies === "known") {
    for (const db of ["d", "e"]) {
      post({ kind: "write", db });
      await set.clock.advance(100);
    }
  }
  for (const action of steps) {
    await run(action);
    await rise();
  }
  files.onCall = () => {};
  // It may have died since.
  await rise();
  failDisk(0);
  for (const begun of pauses.values()) void begun.then((end) => end());
  if (stop && disk) {
    await Promise.all(set.backends.map((backend) => backend.stop()));
    await crash("kill", 0);
  }
  const { clock, backends, budget } = set;
  if (stop && !disk) {
    await Promise.all(backends.map((backend) => backend.stop()));
    await clock.advance(0);
    assert.ok(
      [...posted, ...changed].every(({ status }) => status !== undefined),
      "who still waits is told at once",
    );
    const sent = set.platform.sent.length;
    await clock.advance(60_000);
    assert.equal(set.platform.sent.length, sent, "nothing is sent after the end");
  } else {
    for (const server of servers) {
      server.weather = "up";
      server.faults.clear();
    }
    await clock.advance(300_000);
    for (const backend of backends) {
      const { backlog, lanes, held } = backend.status();
      assert.deepEqual({ records: backlog.records, lanes, held }, { records: 0, lanes: 0, held: [] });
      if (!disk) assert.equal(backlog.bytes, 0);
    }
    if (!disk) assert.equal(clock.pending, 0, "no timer is left");
  }
  assert.equal(budget.bytes, 0);
  for (const { line, status } of [...posted, ...changed])
    assert.notEqual(status, undefined, `${line} has no answer`);
  servers.forEach((server, i) => {
    const { counters, backlog, suspect } = (backends[i] as (typeof backends)[number]).status();
    const last = i === count - 1;
    const bad = posted.filter(({ taste }) => taste === "poison" || (last && taste === "sour"));
    // After a crash a write may be in two logs, and be sent twice.
    assert.ok(disk || counters.rejected <= bad.length, "a rejected write counts once");
    const due = posted.filter(
      (write) => (write.status === 204 || (write.keep === "always" && !disk)) && !bad.includes(write),
    );
    const stored = new Set(server.stored);
    const dueChanges = changed.filter(
      ({ status, taste }) => status === 204 && taste !== "poison" && !(last && taste === "sour"),
    );
    const missing = due.filter(({ line }) => !stored.has(line));
    const lacked = dueChanges.filter(({ line }) => !stored.has(line));
    const dead = backends[i]?.deadLetters?.records ?? 0;
    assert.ok(
      lacked.length <= counters.changesFailed + counters.lostRecords + backlog.records + dead,
      `${i} lacks ${lacked.map(({ line }) => line)}`,
    );
    // After a crash it may be one that nobody was told about.
    if (!disk && !steps.some((step) => step.kind === "fault")) {
      const sour = changed.filter((change) => last && change.taste === "sour");
      assert.ok(counters.changesFailed <= sour.length, "a statement that one executed is executed by all");
    }
    assert.ok(
      missing.length <= counters.lostRecords + backlog.records,
      `${i} lacks ${missing.map(({ line }) => line)}, ${counters.lostRecords} counted`,
    );
    // A disk that fails costs writes that nobody was told to be stored.
    if (disk) assert.deepEqual(missing, []);
    else if (bufferSize > 10_000)
      assert.equal(counters.lostRecords, 0, "nothing is dropped while there is room");
    // What was dropped may have been stored by a joined request before, and so before what is older.
    // What was not delivered before the end may have been about to be sent again.
    if (counters.lostRecords > 0 || backlog.records > 0) return;
    // Where the machine lost what tells how far the log was delivered, it is sent again, and known to be doubtful.
    if (disk && suspect.length > 0 && steps.some(({ kind }) => kind === "disk-fault")) return;
    const isSuspect = (db: string) =>
      suspect.some((range) => range.rp === "*" && (range.db === db || range.db === "*"));
    // What was written before a statement was stored before it, and what was written after it, after it.
    for (const { line, dbs, at } of dueChanges) {
      const place = server.stored.lastIndexOf(line);
      for (const write of due) {
        if (place < 0 || !dbs.includes(write.db) || isSuspect(write.db)) continue;
        const isBefore = posted.indexOf(write) < at;
        const isStoredBefore = server.stored.lastIndexOf(write.line) < place;
        assert.equal(isStoredBefore, isBefore, `${write.line} and ${line} in the order of acceptance`);
      }
    }
    // Of two acknowledged writes the later one was stored last.
    for (const stream of new Set(due.map((write) => write.stream))) {
      const order = due
        .filter((write) => write.stream === stream && stored.has(write.line))
        .map(({ line }) => server.stored.lastIndexOf(line));
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        `stored in the order of acceptance: ${stream}`,
      );
    }
  });
}
