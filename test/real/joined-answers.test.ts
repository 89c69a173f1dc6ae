import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Pool } from "undici";
import { type RealInfluxdb, startRealInfluxdb } from "../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import {
  backendStatus,
  eventually,
  mainListener,
  type ReplicaSet,
  startReplicaSet,
  write,
} from "./replica-set.ts";

const CLIENTS = 1_000;

/** What client `i` sends: most of it good. Every line has a time, so that InfluxDB's words are the same. */
function bodyOf(i: number): string {
  const good = `good,client=c${i} v=${i}i ${i}`;
  switch (i % 50) {
    case 3:
      return `broken${i} without fields`;
    case 11:
      return `broken,client=c${i} v= ${i}\n${good}`;
    case 17:
      return `typed,client=c${i} v="a string" ${i}`;
    case 28:
      return `typed,client=c${i} v=t ${i}\n${good}\nfine,client=c${i} v=1 ${i}`;
    case 36:
      return `m v=${i} 17x`;
    case 44:
      return `open,client=c${i} s="open ${i}`;
    default:
      return good;
  }
}

interface Said {
  readonly status: number;
  readonly body: string;
  readonly error: string | string[] | undefined;
}

describe("many clients at once", { skip: requireReal("influxd") }, () => {
  let set: ReplicaSet;

  before(async () => {
    set = await startReplicaSet({ influxd: { databases: ["d"] }, output: 'timeout = "30s"' });
  });
  after(() => set?.close());

  /** All bodies, each over a connection of its own, at most `connections` at a time. */
  async function writeAll(url: string, connections: number): Promise<Said[]> {
    const pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 60_000 });
    try {
      return await Promise.all(
        Array.from({ length: CLIENTS }, async (_, i) => {
          const { statusCode, headers, body } = await pool.request({
            method: "POST",
            path: "/write?db=d",
            body: bodyOf(i),
          });
          return { status: statusCode, body: await body.text(), error: headers["x-influxdb-error"] };
        }),
      );
    } finally {
      await pool.close();
    }
  }

  test("each gets the answer that InfluxDB gives to it alone, and all good points are on both servers", async () => {
    const url = set.relay.url("main");
    for (const target of [url, set.oracle.url])
      assert.equal((await write(target, "d", "typed v=1 1")).status, 204);
    const right = await writeAll(set.oracle.url, 8);
    const ours = await writeAll(url, CLIENTS);
    for (let i = 0; i < CLIENTS; i++) assert.deepEqual(ours[i], right[i], bodyOf(i));

    const expected = await set.oracle.points("d");
    assert.ok(expected.length > 800);
    for (const server of [set.a, set.b])
      await eventually(() => server.points("d"), expected, "the good points");
    const { requests, writes } = await backendStatus(set.relay, "a");
    const posts = Object.values(requests).reduce((sum, count) => sum + count, 0);
    assert.ok(writes > 2 * posts, `${writes} writes in ${posts} requests: hardly any were joined`);
  });
});

describe("clients with different credentials", { skip: requireReal("influxd") }, () => {
  const admin = { username: "root", password: "root-pw" };
  const basic = (user: string) => ({ authorization: `Basic ${btoa(`${user}:${user}-pw`)}` });
  let servers: RealInfluxdb[] = [];
  let relay: RelayProcess | undefined;

  before(async () => {
    servers = await Promise.all([1, 2].map(() => startRealInfluxdb({ databases: ["d"], admin })));
    for (const server of servers) {
      await server.query(`CREATE USER writer WITH PASSWORD 'writer-pw'; GRANT WRITE ON d TO writer`);
      await server.query(`CREATE USER reader WITH PASSWORD 'reader-pw'; GRANT READ ON d TO reader`);
    }
    relay = await startRelay({ config: mainListener(servers) });
  });
  after(() => Promise.all([relay?.kill(), ...servers.map((server) => server.close())]));

  test("are never joined: who may write does, who may not gets InfluxDB's refusal", async () => {
    const url = relay?.url("main") ?? "";
    const direct = await write(servers[0]?.url ?? "", "d", "no v=1 1", {}, basic("reader"));
    assert.equal(direct.status, 403);
    const users = ["writer", "reader", "nobody", "writer-by-parameter"];
    const statuses = { writer: 204, reader: 403, nobody: 401, "writer-by-parameter": 204 };
    const expected: string[] = [];
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, i) => {
        const user = users[i % users.length] as keyof typeof statuses;
        const line = `m,user=${user} v=${i} ${i}`;
        if (statuses[user] === 204) expected.push(line);
        const answer =
          user === "writer-by-parameter"
            ? await write(url, "d", line, { u: "writer", p: "writer-pw" })
            : await write(url, "d", line, {}, basic(user));
        return { user, answer };
      }),
    );
    for (const { user, answer } of answers) {
      assert.equal(answer.status, statuses[user], user);
      if (user === "reader") assert.equal(answer.body, direct.body);
    }
    for (const server of servers)
      await eventually(() => server.points("d"), expected.sort(), "the writers' points");
  });
});
