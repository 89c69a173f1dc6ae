import assert from "node:assert/strict";
import type { ServedBy, Site } from "../../examples/ha/site.ts";
import type { RealInfluxdb } from "../support/real-influxdb.ts";
import { poll } from "../support/wait.ts";
import { type Clients, checkPoints, DB, MEASUREMENT, startClients } from "./ha-clients.ts";
import { ask } from "./replica-set.ts";

const CLIENTS = 4;
/** After a kill a relay waits for 10 s with what may still be on its way, and then for its backoff. */
const SYNC_LIMIT_MS = 40_000;

/** Who is killed and started again. */
export interface Victim {
  readonly name: ServedBy;
  kill(): Promise<void>;
  start(): Promise<void>;
}

interface Scene {
  readonly site: Site;
  readonly clients: Clients;
}

/**
 * Clients write and read through a balancer while each relay and each InfluxDB is killed and started again in turn, in each
 * round in the order that `orderOf` gives. In the end both InfluxDBs must have the same, and all that was acknowledged.
 * @returns a summary for people.
 */
export async function playRounds(
  site: Site,
  rounds: number,
  orderOf: (victims: readonly Victim[]) => readonly Victim[] = (victims) => victims,
): Promise<string> {
  const clients = startClients({ url: site.url, count: CLIENTS, servedBy: site.servedBy });
  const scene: Scene = { site, clients };
  try {
    await clients.until(() => everyoneIsAsked(scene), "everyone to take part", SYNC_LIMIT_MS);
    for (let round = 0; round < rounds; round++) {
      for (const victim of orderOf(victimsOf(site))) await playOne(scene, victim);
    }
    await clients.stop();
    await untilInSync(site);
    const [a, b] = await Promise.all(
      site.influxdbs.map((server) => server.points(DB, { measurements: [MEASUREMENT] })),
    );
    assert.ok(a && b);
    checkPoints(clients, "a", a);
    checkPoints(clients, "b", b);
    assert.deepEqual(a, b, "both have the same");
    return summary(clients);
  } catch (error) {
    const printed = [site.balancer, ...site.relays].map(({ output }) => output.slice(-4_000));
    throw new Error([error, ...printed, ...(await opinions(site))].join("\n"), { cause: error });
  } finally {
    await clients.stop().catch(() => {});
  }
}

function summary({ all, answers, stale, brokenOff }: Clients): string {
  const writes = all.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  const queries = JSON.stringify(answers);
  return `${writes} writes; queries by ${queries}, ${stale} marked as stale, ${brokenOff} broken off`;
}

async function playOne({ clients, site }: Scene, victim: Victim): Promise<void> {
  const { name } = victim;
  await victim.kill();
  await clients.everyoneGoesOn();
  const before = clients.answers[name];
  await clients.everyoneGoesOn();
  assert.equal(clients.answers[name], before, `${name} was killed`);
  const isInfluxdb = name === "a" || name === "b";
  // From here on it gets no queries until the relays say that it has what it missed. If it did, the clients would see.
  if (isInfluxdb) assert.ok(!(await isTrusted(site, name)), `${name} lacks what was written meanwhile`);
  await victim.start();
  await clients.until(() => isInSync(site), `everyone in sync after ${name}`, SYNC_LIMIT_MS);
  if (isInfluxdb && site.kind === "haproxy")
    await clients.until(() => clients.answers[name] > before, `queries to ${name} again`, SYNC_LIMIT_MS);
  await clients.until(() => everyoneIsAsked({ clients, site }), "everyone to take part", SYNC_LIMIT_MS);
}

/** Both InfluxDBs are in sync, and with HAProxy both get queries. */
async function everyoneIsAsked({ site, clients }: Scene): Promise<boolean> {
  if (site.kind === "nginx") return isInSync(site);
  const { a, b } = { ...clients.answers };
  await clients.everyoneGoesOn();
  return clients.answers.a > a && clients.answers.b > b;
}

function victimsOf({ relays, influxdbs }: Site): Victim[] {
  const influxdb = (name: "a" | "b", server: RealInfluxdb): Victim => ({
    name,
    kill: server.kill,
    start: server.start,
  });
  return [relays[0], influxdb("a", influxdbs[0]), relays[1], influxdb("b", influxdbs[1])];
}

/** For whoever has to find out why something failed. */
function opinions({ relays }: Site): Promise<string[]> {
  const asked = relays.flatMap(({ name, url }) => ["a", "b"].map((backend) => ({ name, url, backend })));
  return Promise.all(
    asked.map(async ({ name, url, backend }) => {
      const answer = await ask(url, `/health/backends/${backend}`).catch(String);
      return `${name} of ${backend}: ${typeof answer === "string" ? answer : answer.body}`;
    }),
  );
}

/** Every relay calls it in sync. */
async function isTrusted({ relays }: Site, name: "a" | "b"): Promise<boolean> {
  const answers = await Promise.all(relays.map(({ url }) => ask(url, `/health/backends/${name}`)));
  return answers.every(({ status }) => status === 200);
}

async function isInSync(site: Site): Promise<boolean> {
  await sayRepaired(site);
  return (await isTrusted(site, "a")) && (await isTrusted(site, "b"));
}

/**
 * After a request of unknown outcome an InfluxDB is suspect until it was compared, as by the command `recover`. Here no
 * point is written twice, so that an old copy of a write cannot do harm: this says what a comparison would find.
 */
async function sayRepaired({ relays }: Site): Promise<void> {
  for (const { adminUrl } of relays) {
    for (const name of ["a", "b"]) {
      const { body } = await ask(adminUrl, `/backends/${name}/ranges`);
      const { suspect, revision } = JSON.parse(body) as { suspect: object[]; revision: string };
      if (suspect.length === 0) continue;
      const repaired = JSON.stringify({ ranges: suspect, revision });
      const headers = { "content-type": "application/json" };
      const answer = await ask(adminUrl, `/backends/${name}/repaired`, {
        method: "POST",
        headers,
        body: repaired,
      });
      assert.equal(answer.status, 200, answer.body);
    }
  }
}

/** Waits until every relay calls both in sync. */
export async function untilInSync(site: Site): Promise<void> {
  await poll(() => isInSync(site), "both in sync", SYNC_LIMIT_MS);
}
