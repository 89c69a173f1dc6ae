import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectBackend } from "../../src/backend/direct.ts";
import { type Keeper, type KeeperState, NOTHING_KEPT } from "../../src/backend/keeper.ts";
import { unanswered } from "../../src/backend/outcome.ts";
import type { OutputConfig } from "../../src/config/config.ts";
import { Secret } from "../../src/config/secret.ts";
import { TransportError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";
import type { HttpAnswer } from "../../src/platform.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut } from "../../src/write/fan-out.ts";
import { STORED } from "../../src/write/reply.ts";
import type { Reply, Write } from "../../src/writer.ts";
import { createTestPlatform, httpAnswer, influxError, type SentRequest } from "../support/test-platform.ts";
import { OUTPUT } from "./replica-set.ts";

const BEHIND: KeeperState = { ...NOTHING_KEPT, records: 1, bytes: 10, behind: true };
const GRACE_MS = 10;

function writeOf(text: string, more: Partial<Write> = {}): Write {
  return {
    destination: { db: "d", rp: "", precision: "", credentials: undefined },
    body: new TextEncoder().encode(text),
    hasLines: true,
    closed: true,
    source: "",
    keep: "acknowledged",
    consistency: "one",
    ...more,
  };
}
const CREDENTIALS = {
  destination: { ...writeOf("").destination, credentials: { authorization: "Token t" } },
};

/** A keeper that notes what it is told. What it does is up to the test. */
function createKeeper() {
  const said: string[] = [];
  const text = ({ body }: Write) => new TextDecoder().decode(body);
  const script = {
    state: NOTHING_KEPT,
    ask: async (): Promise<KeeperState> => script.state,
    keep: async (): Promise<KeeperState> => BEHIND,
    answered: async (): Promise<Reply> => unanswered("down"),
    kept: async (): Promise<void> => {},
  };
  const keeper: Keeper = {
    ask: () => {
      said.push("ask");
      return script.ask();
    },
    status: async () => ({}),
    keep: (write) => {
      said.push(`keep ${text(write)}`);
      return script.keep();
    },
    park: async (write) => {
      said.push(`park ${text(write)}`);
      await script.kept();
      return {
        taken: async () => void said.push("taken"),
        release: async () => {
          said.push("release");
          return BEHIND;
        },
      };
    },
    accept: (write) => {
      said.push(`accept ${text(write)}`);
      return {
        answered: async () => ({ reply: await script.answered(), state: script.state }),
        place: async () => {
          said.push("place");
          await script.kept();
        },
        keep: async () => {
          said.push("decided to keep");
          await script.kept();
        },
        drop: async () => void said.push("drop"),
        close: async () => void said.push("close"),
      };
    },
    diverged: async (write) => void said.push(`diverged ${text(write)}`),
  };
  return { keeper, said, script };
}

/** Backends a and b; what b lacks goes to its keeper, and a lacks nothing. */
function edge(
  answer: (request: SentRequest) => HttpAnswer | Promise<HttpAnswer>,
  output: Partial<OutputConfig> = {},
) {
  const platform = createTestPlatform({ http: answer });
  const log = createLog(platform.log, platform.clock);
  const backends = ["a", "b"].map(
    (name) => new DirectBackend({ ...OUTPUT, ...output, name, origin: `http://${name}` }, platform, log),
  ) as [DirectBackend, DirectBackend];
  const keepers = [createKeeper(), createKeeper()] as const;
  let lives = 0;

  async function post(body: string, more: Partial<Write> = {}): Promise<Reply> {
    const promises: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) => void promises.push(promise);
    const replicas = backends.map((backend, i) =>
      backend.replica({ waitUntil, keeper: (keepers[i] as (typeof keepers)[0]).keeper }),
    );
    await Promise.all(
      backends.map((backend, i) =>
        backend.known.refresh((keepers[i] as (typeof keepers)[0]).keeper, waitUntil),
      ),
    );
    const spool = { graceMs: GRACE_MS, refuseWhenFull: true };
    const budget = new Budget(Number.POSITIVE_INFINITY);
    const fanOut = new FanOut({ replicas, clock: platform.clock, deadlineMs: 10_000, budget, spool });
    const reply = fanOut.post(writeOf(body, more), new AbortController().signal);
    lives++;
    void reply.then(() => Promise.all(promises)).then(() => lives--);
    return reply;
  }

  const sentTo = (name: string) => platform.sent.filter(({ origin }) => origin === `http://${name}`);
  const events = (event: string) => platform.logged.filter((line) => line.event === event);
  const { said, script } = keepers[1];
  /** What was said to the keeper of b, beside questions. */
  const told = () => said.filter((line) => line !== "ask");
  const asked = () => said.length - told().length;
  return {
    ...{ platform, clock: platform.clock, backends, post, sentTo, events, script, told, asked },
    lives: () => lives,
  };
}

const down = ({ origin }: SentRequest) => httpAnswer(origin === "http://b" ? 503 : 204);
const fine = () => httpAnswer(204);

test("the client is answered once the keeper has what a backend lacks", async () => {
  const { post, script, told, platform, clock, lives } = edge(down);
  const stored = Promise.withResolvers<KeeperState>();
  script.keep = () => stored.promise;
  const reply = post("m v=1 1");
  let status = 0;
  void reply.then((answer) => {
    status = answer.status;
  });
  await clock.advance(1_000);
  assert.deepEqual([told(), status], [["keep m v=1 1"], 0]);
  stored.resolve(BEHIND);
  await platform.endTurn();
  assert.deepEqual([status, lives()], [204, 0]);
  assert.equal(clock.pending, 0);
});

test("what the keeper cannot store is a 503, and is tried again in memory", async () => {
  const { post, script, sentTo, clock, events, backends } = edge(down);
  script.keep = () => Promise.reject(new Error("the object is overloaded"));
  const reply = await post("m v=1 1");
  assert.deepEqual([reply.status, /overloaded/.test(reply.influxError ?? "")], [503, true]);
  await clock.advance(25_000);
  assert.ok(sentTo("b").length > 3);
  assert.deepEqual([events("spool-failed").length, events("write-lost").length], [1, 1]);
  assert.equal(backends[1].counters.notStored, 1);
});

test("a write that is still being sent after the grace is parked, and freed when it was taken", async () => {
  const taken = Promise.withResolvers<HttpAnswer>();
  const { post, told, clock, platform, sentTo } = edge(({ origin }) =>
    origin === "http://b" ? taken.promise : httpAnswer(204),
  );
  const reply = post("m v=1 1");
  await clock.advance(GRACE_MS - 1);
  assert.deepEqual(told(), []);
  await clock.advance(1);
  assert.equal((await reply).status, 204);
  assert.deepEqual(told(), ["park m v=1 1"]);
  taken.resolve(httpAnswer(204));
  await platform.endTurn();
  assert.deepEqual(told(), ["park m v=1 1", "taken"]);
  assert.equal(sentTo("b").length, 1);
});

test("a parked write that the backend did not take is released, also when it never answers", async () => {
  const late = Promise.withResolvers<HttpAnswer>();
  for (const answer of [late.promise, new Promise<HttpAnswer>(() => {})]) {
    const { post, told, clock, lives } = edge(
      ({ origin }) => (origin === "http://b" ? answer : httpAnswer(204)),
      { timeoutMs: 3_600_000 },
    );
    const reply = post("m v=1 1");
    await clock.advance(GRACE_MS);
    assert.equal((await reply).status, 204);
    late.resolve(httpAnswer(503));
    await clock.advance(25_000);
    assert.deepEqual([told(), lives()], [["park m v=1 1", "release"], 0]);
  }
});

test("what is known is asked for again after a second, and before that beside the writes", async () => {
  const { post, asked, clock, platform } = edge(fine);
  await post("m v=1 1");
  assert.equal(asked(), 1);
  await clock.advance(499);
  await post("m v=2 2");
  assert.equal(asked(), 1);
  for (let step = 0; step < 100; step++) {
    await clock.advance(100);
    await post("m v=3 3");
    await platform.endTurn();
  }
  assert.ok(asked() > 10 && asked() <= 22, `asked ${asked()} times in 10 s`);
  const before = asked();
  await clock.advance(60_000);
  await post("m v=4 4");
  assert.equal(asked(), before + 1);
});

test("what was written behind a backlog goes to the keeper at once, and never past it", async () => {
  const { post, script, told, sentTo, lives, platform } = edge(fine);
  script.state = { ...BEHIND, up: false };
  assert.equal((await post("m v=1 1")).status, 204);
  await platform.endTurn();
  assert.deepEqual(told(), ["accept m v=1 1", "place", "decided to keep", "close"]);
  assert.deepEqual([sentTo("b").length, lives()], [0, 0]);
});

test("an older answer does not replace a newer one", async () => {
  const { post, script, clock, backends, platform, sentTo } = edge(down);
  await post("m v=1 1");
  await clock.advance(600);
  const slow = Promise.withResolvers<KeeperState>();
  script.ask = () => slow.promise;
  script.state = BEHIND;
  // It asks beside this write, and hears before the answer that the keeper has something.
  await clock.advance(100);
  await post("m v=2 2");
  slow.resolve(NOTHING_KEPT);
  await platform.endTurn();
  assert.equal(backends[1].known.state.behind, true);
  const before = sentTo("b").length;
  await post("m v=3 3");
  assert.equal(sentTo("b").length, before);
});

test("the answer of a backend that is catching up counts", async () => {
  const { post, script, told, platform } = edge(fine);
  script.state = BEHIND;
  const turn = Promise.withResolvers<Reply>();
  script.answered = () => turn.promise;
  const reply = post("m v=1 1", { consistency: "all" });
  await platform.endTurn();
  turn.resolve(STORED);
  assert.equal((await reply).status, 204);
  await platform.endTurn();
  assert.deepEqual(told(), ["accept m v=1 1", "place", "close"]);
});

test("what nobody took is dropped", async () => {
  const { post, script, told, platform } = edge(({ origin }) =>
    httpAnswer(origin === "http://a" ? 500 : 204),
  );
  script.state = BEHIND;
  assert.equal((await post("m v=1 1")).status, 500);
  await platform.endTurn();
  assert.deepEqual(told(), ["accept m v=1 1", "place", "drop", "close"]);
});

test("a keeper that does not answer holds nobody up for longer than a second", async () => {
  const { post, script, clock, events, sentTo } = edge(fine);
  script.ask = () => new Promise(() => {});
  const reply = post("m v=1 1");
  await clock.advance(999);
  assert.equal(sentTo("b").length, 0);
  await clock.advance(1);
  assert.equal((await reply).status, 204);
  assert.equal(sentTo("b").length, 1);
  assert.equal(events("keeper-unreachable").length, 1);
});

test("a database that is held holds up no other", async () => {
  const { post, script, sentTo, told } = edge(fine);
  script.state = { ...NOTHING_KEPT, records: 1, held: ["lacking"] };
  assert.equal((await post("m v=1 1")).status, 204);
  assert.deepEqual([sentTo("b").length, told()], [1, []]);
  await post("m v=2 2", { destination: { ...writeOf("").destination, db: "lacking" } });
  assert.deepEqual([sentTo("b").length, told()[0]], [1, "accept m v=2 2"]);
});

test("a level that cannot be reached is refused before anything is posted, and a full keeper refuses", async () => {
  const { post, script, platform } = edge(fine);
  script.state = { ...BEHIND, up: false };
  assert.match((await post("m v=1 1", { consistency: "all" })).influxError ?? "", /1 of 2 replicas/);
  script.state = { ...BEHIND, up: false, full: true };
  await platform.clock.advance(1_000);
  assert.match((await post("m v=1 1")).influxError ?? "", /full/);
  assert.equal(platform.sent.length, 0);
});

test("a client's credentials do not go to the keeper, unless the backend has its own", async () => {
  const { post, told, clock, sentTo } = edge(down);
  assert.equal((await post("m v=1 1", CREDENTIALS)).status, 204);
  await clock.advance(25_000);
  assert.deepEqual(told(), []);
  assert.ok(sentTo("b").length > 3);
  const own = edge(down, { authorization: new Secret("Token own") });
  assert.equal((await own.post("m v=1 1", CREDENTIALS)).status, 204);
  assert.deepEqual(own.told(), ["keep m v=1 1"]);
});

test("what a backend rejects and another stored is told to the keeper", async () => {
  const { post, told, platform, backends } = edge(({ origin }) =>
    origin === "http://b" ? influxError(400, "field type conflict") : httpAnswer(204),
  );
  const hurried = await post("m v=1 1");
  assert.ok(hurried.status === 204 || hurried.status === 400);
  await platform.endTurn();
  assert.deepEqual([told(), backends[1].counters.rejected], [["diverged m v=1 1"], 1]);
});

test("whether a backend should get queries is asked of it and of its keeper", async () => {
  let pinged = () => httpAnswer(204);
  const platform = createTestPlatform({ http: () => pinged() });
  const backend = new DirectBackend(OUTPUT, platform, createLog(platform.log, platform.clock));
  const { keeper, script } = createKeeper();
  const probe = () => backend.probe(keeper);
  assert.deepEqual(await probe(), { answers: true, reasons: [] });
  assert.deepEqual(await backend.probe(undefined), { answers: true, reasons: [] });
  script.state = BEHIND;
  assert.deepEqual((await probe()).reasons, ["behind: something waits for it"]);
  script.state = { ...NOTHING_KEPT, differs: true };
  assert.match((await probe()).reasons.join(), /^suspect: [^,]+, or may differ/);
  script.state = NOTHING_KEPT;
  pinged = () => httpAnswer(503);
  assert.deepEqual(await probe(), { answers: true, reasons: ["down: /ping is answered with 503"] });
  pinged = () => {
    throw new TransportError("refused", false, "refused");
  };
  assert.deepEqual(await probe(), { answers: false, reasons: ["down: no answer to ping"] });
  pinged = () => httpAnswer(204);
  script.ask = async () => {
    throw new Error("no object");
  };
  assert.match((await probe()).reasons.join(), /its Durable Object does not say/);
  script.ask = () => new Promise(() => {});
  const late = probe();
  await platform.clock.advance(1_000);
  assert.match((await late).reasons.join(), /its Durable Object does not say/);
});
