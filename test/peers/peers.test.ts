import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LEASE_SECONDS } from "../../src/admin/leases.ts";
import { RepairedElsewhereError } from "../../src/recovery/repair-lease.ts";
import { createRelays, type TestRelay } from "./two-relays.ts";

const SECOND = 1_000;
const MAP = { version: 1, algorithm: "hrw1", hash: "0123456789abcdef" };
const OTHER = { ...MAP, hash: "fedcba9876543210" };
const sharded = (map: typeof MAP) => [{ name: "main", map }];

function fixture(count = 2) {
  const made = createRelays(count);
  const [one, two] = made.relays as [TestRelay, TestRelay];
  for (const { peers } of made.relays) peers.start();
  const events = (event: string) => made.platform.logged.filter((line) => line.event === event);
  return { ...made, one, two, events };
}

const problems = ({ peers }: TestRelay) =>
  peers.status().flatMap((peer) => peer.problems.map(({ kind }) => kind));

/** What becomes of wishes to repair b, all at the same moment: what ends the lease, or undefined. */
async function wishes(clock: { advance(ms: number): Promise<void> }, ...relays: readonly TestRelay[]) {
  const all = relays.map(({ peers }) =>
    peers.leaseRepair("b", []).catch((error: unknown) => {
      assert.ok(error instanceof RepairedElsewhereError, String(error));
      return undefined;
    }),
  );
  const settled = Promise.all(all);
  await clock.advance(2 * SECOND);
  return settled;
}

test("peers that agree have no problems, and are told with their maps", async () => {
  const { one, two, clock, platform } = fixture();
  for (const { self } of [one, two]) self.listeners = sharded(MAP);
  await clock.advance(0);
  assert.deepEqual(one.peers.status(), [
    { name: "r1:9097", reachable: true, lastSeenAtMs: clock.now(), maps: { main: MAP.hash }, problems: [] },
  ]);
  assert.ok(!JSON.stringify(platform.logged).includes("canary"));
});

test("another map of the shards is an alarm at both, which ends when the maps are equal again", async () => {
  const { one, two, clock, events } = fixture();
  one.self.listeners = sharded(MAP);
  two.self.listeners = sharded(OTHER);
  await clock.advance(0);
  for (const relay of [one, two]) {
    const [problem] = relay.peers.status()[0]?.problems ?? [];
    assert.deepEqual([problem?.severity, problem?.kind], ["alarm", "other-map"]);
    assert.match(problem?.what ?? "", /listener "main".*(0123456789abcdef|fedcba9876543210)/);
    assert.match(problem?.next ?? "", /at all relays/);
  }
  assert.deepEqual(
    events("peer-other-map").map(({ level }) => level),
    ["error", "error"],
  );
  two.self.listeners = sharded(MAP);
  await clock.advance(5 * SECOND);
  assert.deepEqual([...problems(one), ...problems(two)], []);
  assert.equal(events("peer-map-agrees").length, 2);
});

test("shards at one relay and none at the other are other maps", async () => {
  const { one, two, clock } = fixture();
  one.self.listeners = sharded(MAP);
  await clock.advance(0);
  assert.deepEqual([problems(one), problems(two)], [["other-map"], ["other-map"]]);
});

test("the alarm stays while the peer does not answer, and that is a warning beside it", async () => {
  const { one, two, clock } = fixture();
  one.self.listeners = sharded(MAP);
  two.self.listeners = sharded(OTHER);
  await clock.advance(0);
  two.down = true;
  await clock.advance(5 * SECOND);
  assert.deepEqual(
    one.peers.status()[0]?.problems.map(({ severity, kind }) => [severity, kind]),
    [
      ["warning", "unreachable"],
      ["alarm", "other-map"],
    ],
  );
  assert.equal(one.peers.status()[0]?.reachable, false);
});

test("a peer that does not answer is asked again later and later, every 30 s in the end", async () => {
  const { two, clock, platform, events } = fixture();
  two.down = true;
  await clock.advance(0);
  const asked: number[] = [];
  for (let second = 1; second <= 130; second++) {
    const before = platform.sent.filter(({ origin }) => origin === "http://r1:9097").length;
    await clock.advance(SECOND);
    const now = platform.sent.filter(({ origin }) => origin === "http://r1:9097").length;
    if (now > before) asked.push(second);
  }
  assert.deepEqual(asked, [5, 15, 35, 65, 95, 125]);
  assert.ok(events("peer-unreachable").every(({ level }) => level === "warn"));
});

test("what keeps two relays from knowing of each other is a warning", async () => {
  const { one, two, clock } = fixture();
  one.self.listeners = [{ name: "other", map: MAP }];
  two.self.backends = ["c"];
  await clock.advance(0);
  assert.deepEqual(problems(one), ["no-such-listener", "no-common-output"]);
  one.peers.apply({ ...createRelays(2).adminOf(1), peers: ["http://r0:9097"] });
  await clock.advance(0);
  assert.deepEqual(problems(one), ["itself"]);
  assert.equal((await wishes(clock, one))[0] instanceof Function, true);
});

test("of two relays that want to repair one server at once exactly one does, and then the other", async () => {
  const { relays, clock } = fixture();
  await clock.advance(0);
  const won = await wishes(clock, ...relays);
  assert.equal(won.filter((end) => end !== undefined).length, 1);
  const [winner, loser] = [won.findIndex((end) => end), won.findIndex((end) => !end)];
  const error = await relays[loser]?.peers.leaseRepair("b", []).catch((reason: Error) => reason);
  assert.equal((error as Error).message, `the relay r${winner}:9097 repairs it`);
  await won[winner]?.();
  assert.ok((await wishes(clock, relays[loser] as TestRelay))[0]);
});

test("of many relays at most one does at a time, and who gave way holds nobody up", async () => {
  const { relays, clock } = fixture(4);
  for (let round = 0; round < 5; round++) {
    const won = (await wishes(clock, ...relays)).filter((end) => end !== undefined);
    assert.ok(won.length <= 1, `${won.length} repair it at once`);
    for (const end of won) await end();
    const [end] = await wishes(clock, relays[round % 4] as TestRelay);
    await (end ?? assert.fail("nobody repairs it, and yet it is refused"))();
  }
});

test("servers are repaired by different relays at the same time", async () => {
  const { one, two, clock } = fixture();
  const ends = [one.peers.leaseRepair("a", []), two.peers.leaseRepair("b", [])];
  await clock.advance(0);
  for (const end of await Promise.all(ends)) await end();
});

test("a lease lasts as long as it is renewed, and a relay that dies keeps nobody for long", async () => {
  const { one, two, clock } = fixture();
  assert.ok((await wishes(clock, one))[0]);
  await clock.advance(4 * LEASE_SECONDS * SECOND);
  assert.deepEqual(await wishes(clock, two), [undefined]);
  one.down = true;
  // Its requests end with it.
  two.down = true;
  await clock.advance((LEASE_SECONDS + 1) * SECOND);
  two.down = false;
  assert.ok((await wishes(clock, two))[0]);
});

test("a peer that does not answer keeps nobody from repairing", async () => {
  const { one, two, clock } = fixture();
  two.down = true;
  assert.ok((await wishes(clock, one))[0]);
});

describe("a relay that is told that another one is about to make databases on a server that lacks them", () => {
  const lost = ({ b }: TestRelay) => b.handoff.lost.list().map(({ db, rp }) => `${db}.${rp}`);

  test("counts them as lost itself before that begins, although it has not looked yet", async () => {
    const { relays, clock } = createRelays(2, async () => ["kept"]);
    const [one, two] = relays as [TestRelay, TestRelay];
    let leased = false;
    void one.peers.leaseRepair("b", ["rebuilt"]).then(() => {
      assert.deepEqual(lost(two), ["rebuilt.*"]);
      leased = true;
    });
    await clock.advance(0);
    assert.ok(leased);
    assert.equal(two.b.isInSync("rebuilt"), false);
    assert.deepEqual(lost(one), []);
  });

  test("knows better if the server has them by now", async () => {
    const { relays, clock } = createRelays(2, async () => ["repaired"]);
    const [one, two] = relays as [TestRelay, TestRelay];
    void one.peers.leaseRepair("b", ["repaired"]);
    await clock.advance(0);
    assert.deepEqual(lost(two), []);
  });

  test("believes it if the server does not answer, in less time than its peer waits", async () => {
    const { relays, clock } = createRelays(2, () => new Promise(() => {}));
    const [one, two] = relays as [TestRelay, TestRelay];
    let leased = false;
    void one.peers.leaseRepair("b", ["rebuilt"]).then(() => {
      leased = true;
    });
    await clock.advance(1_500);
    assert.deepEqual([leased, lost(two)], [true, ["rebuilt.*"]]);
  });
});
