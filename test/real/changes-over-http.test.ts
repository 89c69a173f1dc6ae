import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { ask, type ReplicaSet, startReplicaSet } from "./replica-set.ts";

const SLOW_MS = 30_000;

describe("changes through a relay, with a replica down", { skip: requireReal("influxd") }, () => {
  let directory: string;
  let set: ReplicaSet;
  before(async () => {
    directory = temporaryDirectory("changes");
    set = await startReplicaSet({ config: `[spool]\ndir = ${JSON.stringify(directory)}\n` });
    await set.b.stop();
  });
  after(async () => {
    await set?.close();
    if (directory !== undefined) removeDirectory(directory);
  });

  const query = (url: string, q: string) =>
    ask(url, `/query?db=x&epoch=ns&q=${encodeURIComponent(q)}`, { method: "POST" });

  async function rows(url: string, q: string): Promise<string> {
    const { status, body } = await query(url, q);
    assert.equal(status, 200, body);
    return body.trim();
  }

  test("they are answered by the other one, in order with writes and reads", async () => {
    const url = set.relay.url("main");
    assert.equal(await rows(url, "CREATE DATABASE x"), '{"results":[{"statement_id":0}]}');
    const written = await ask(url, "/write?db=x", { method: "POST", body: "m v=1 1\nm v=2 2\n" });
    assert.equal(written.status, 204);
    const m = (values: string) => `"series":[{"name":"m","columns":["time","v"],"values":[${values}]}]`;
    // fetch asks for gzip: what is put together must be read all the same.
    assert.equal(
      await rows(url, "SELECT * FROM m; DELETE FROM m WHERE time = 1; SELECT * FROM m"),
      `{"results":[{"statement_id":0,${m("[1,1],[2,2]")}},{"statement_id":1},{"statement_id":2,${m("[2,2]")}}]}`,
    );
  });

  test("a password is not stored without a key: nobody is told that it was", async () => {
    const { status, body } = await query(set.relay.url("main"), "CREATE USER u WITH PASSWORD 'canary'");
    assert.equal(status, 503);
    assert.match(body, /credentials-key/);
    assert.doesNotMatch(body, /canary/);
    assert.doesNotMatch(await rows(set.a.url, "SHOW USERS"), /"u"/);
  });

  test("the replica gets them in its turn once it is up, and queries only after that", async () => {
    const url = set.relay.url("main");
    assert.equal((await ask(url, "/health/backends/b")).status, 503);
    await set.b.start();
    const inSync = async () => (await ask(url, "/health/backends/b")).status === 200;
    await poll(inSync, "b is in sync", SLOW_MS);
    assert.equal(await rows(set.b.url, "SELECT * FROM m"), await rows(set.a.url, "SELECT * FROM m"));
    assert.match(await rows(set.b.url, "SELECT * FROM m"), /\[\[2,2\]\]/);
  });
});
