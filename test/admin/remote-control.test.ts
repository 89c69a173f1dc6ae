import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdminApp } from "../../src/admin/app.ts";
import { LEASE_SECONDS } from "../../src/admin/leases.ts";
import { RemoteControl } from "../../src/admin/remote-control.ts";
import { RunningBackends } from "../../src/admin/running-backends.ts";
import type { SpoolCommands } from "../../src/admin/spool-commands.ts";
import { createLog } from "../../src/observe/log.ts";
import { AdminError } from "../../src/peers/admin-client.ts";
import { RepairClaims } from "../../src/peers/repair-claims.ts";
import { HoldLostError } from "../../src/recovery/control.ts";
import { readRequest } from "../../src/write/body.ts";
import { createReplicaSet } from "../backend/replica-set.ts";
import { FIGURES } from "../support/figures.ts";
import { testPage, webStream } from "../support/status-page.ts";
import { httpAnswer } from "../support/test-platform.ts";

const NEVER = new AbortController().signal;

/** A control of a relay that can be restarted and made unreachable. */
const ADMIN = {
  bindAddr: { host: "", port: 0 },
  ...{ token: undefined, peers: [], peerToken: undefined, peerCa: undefined },
};

function fixture() {
  const set = createReplicaSet(() => httpAnswer(204));
  const { platform, clock, backends } = set;
  const log = createLog(platform.log, clock);
  const commands = () =>
    new RunningBackends({
      platform,
      log,
      backends: () => backends,
      status: () => ({}),
      claims: new RepairClaims("r"),
      peer: () => assert.fail(),
    });
  const relay = { commands: commands(), reachable: true, asked: [] as string[] };
  const app = () =>
    createAdminApp({
      ...{ config: ADMIN, log },
      spool: {} as SpoolCommands,
      backends: relay.commands,
      figures: () => FIGURES,
      page: testPage(platform),
      ports: {
        readBody: (c, limit) => readRequest(c.req.raw, limit),
        clientAddress: () => "",
        stream: webStream,
      },
    });
  const admin = {
    ask: async <T>(method: "GET" | "POST", path: string, command?: object): Promise<T> => {
      if (!relay.reachable) throw new AdminError(undefined, "refused");
      relay.asked.push(path.replace(/leases\/[^/]+/, "leases/ID"));
      const body = command === undefined ? {} : { body: JSON.stringify(command) };
      const headers = { "content-type": "application/json" };
      const answer = await app().request(`http://127.0.0.1${path}`, { method, headers, ...body });
      const value = await answer.json();
      if (answer.status !== 200) throw new AdminError(answer.status, value.error);
      return value;
    },
  };
  const control = new RemoteControl({ admin, clock, random: platform.random });
  const restart = () => {
    relay.commands = commands();
  };
  return { ...set, relay, control, restart, b: backends[1] ?? assert.fail() };
}

test("a lane is held for longer than a lease lasts, and let go once", async () => {
  const { control, clock, post, writes } = fixture();
  const release = await control.hold("b", "d", "", NEVER);
  await post("m v=1 1");
  await clock.advance(LEASE_SECONDS * 5_000);
  assert.deepEqual(writes("b"), []);
  await release();
  await clock.advance(0);
  assert.deepEqual(writes("b"), ["m v=1 1"]);
});

test("a relay that was restarted held nothing, and that is noticed", async () => {
  const { control, restart } = fixture();
  const release = await control.hold("b", "d", "", NEVER);
  restart();
  await assert.rejects(release(), HoldLostError);
});

test("a relay that could not be reached for too long let go, and that is noticed", async () => {
  const { control, relay, clock } = fixture();
  const short = await control.hold("b", "d", "", NEVER);
  relay.reachable = false;
  await clock.advance(LEASE_SECONDS * 500);
  relay.reachable = true;
  await clock.advance(LEASE_SECONDS * 1_000);
  await short();
  const long = await control.hold("b", "d", "", NEVER);
  relay.reachable = false;
  await clock.advance(LEASE_SECONDS * 1_000);
  relay.reachable = true;
  await assert.rejects(long(), HoldLostError);
});

test("nothing is renewed any more once it was released", async () => {
  const { control, clock, relay } = fixture();
  await (await control.hold("b", "d", "", NEVER))();
  relay.asked.length = 0;
  await clock.advance(LEASE_SECONDS * 2_000);
  assert.deepEqual(relay.asked, []);
});

test("a relay that is away for a moment is waited for, one that refuses is not", async () => {
  const { control, relay, clock, b } = fixture();
  relay.reachable = false;
  const drained = control.drain("b");
  await clock.advance(3_000);
  relay.reachable = true;
  await clock.advance(5_000);
  await drained;
  assert.deepEqual(
    b.status().drained.map(({ by }) => by),
    ["recovery"],
  );
  await control.resume("b");
  assert.equal(b.drained, false);
  await assert.rejects(control.drain("c"), { code: "ADMIN", status: 404 });
  relay.reachable = false;
  const given = assert.rejects(control.drain("b"), { code: "ADMIN", status: undefined });
  await clock.advance(60_000);
  await given;
});

test("what was repaired is forgotten, but for what was added since it was told", async () => {
  const { control, b, restart } = fixture();
  b.handoff.lost.add("d", "", { minNs: 0n, maxNs: 9n });
  b.handoff.suspect.add("e", "rp", { minNs: 5n, maxNs: 6n });
  const suspects = await control.suspects("b");
  const revision = suspects[0]?.revision;
  assert.deepEqual(suspects, [
    { db: "d", rp: "", min: 0n, max: 9n, revision },
    { db: "e", rp: "rp", min: 5n, max: 6n, revision },
  ]);
  b.handoff.suspect.add("e", "rp", { minNs: 5n, maxNs: 5n });
  await control.repaired("b", suspects);
  assert.deepEqual([b.handoff.lost.size, b.handoff.suspect.size], [0, 1]);
  const [left] = await control.suspects("b");
  assert.notEqual(left?.revision, revision);
  restart();
  await assert.rejects(control.repaired("b", suspects), { code: "RELAY_RESTARTED" });
});
