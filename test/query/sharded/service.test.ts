import assert from "node:assert/strict";
import { test } from "node:test";
import { QueryClient } from "../../../src/backend/query-client.ts";
import { createLog } from "../../../src/observe/log.ts";
import { createQueryCounters } from "../../../src/query/counters.ts";
import type { ReadReplica } from "../../../src/query/replica.ts";
import { createPlanCounters } from "../../../src/query/sharded/plan.ts";
import { ShardedQueryService } from "../../../src/query/sharded/sharded-service.ts";
import { OUTPUT } from "../../backend/replica-set.ts";
import { createTestPlatform, influxError, type Script } from "../../support/test-platform.ts";
import { EMPTY_RESULT, json, told } from "../scene.ts";
import { mapBy } from "./maps.ts";

/** Three shards of one replica, of which some are not in sync for so long. */
function scene(http: Script, staleMs: Readonly<Record<string, number>> = {}) {
  const platform = createTestPlatform({ http });
  const shards = ["a", "b", "c"].map((name) => {
    const output = { ...OUTPUT, name, origin: `http://${name}` };
    const replica: ReadReplica = {
      name,
      queries: new QueryClient(output, platform),
      isInSync: () => staleMs[name] === undefined,
      staleMs: () => staleMs[name] ?? 0,
      pending: () => 0,
      answered: async () => {},
    };
    return { replicas: [replica], changes: { post: () => assert.fail("nothing is changed") } };
  });
  const service = new ShardedQueryService({
    listener: "main",
    map: mapBy("tag:c"),
    shards,
    maxRowsPulled: 1_000,
    plans: createPlanCounters(),
    policy: "first",
    syncWaitMs: 500,
    timeoutMs: 5_000,
    rules: { readOnly: false, deny: [] },
    clock: platform.clock,
    random: platform.random,
    gunzip: platform.gunzip,
    counters: createQueryCounters(),
    log: createLog(platform.log, platform.clock),
  });
  return (text: string) =>
    service.ask({
      text,
      parameters: new Map([["db", "d"]]),
      headers: {},
      forward: { method: "POST", path: "/query", headers: {} },
      credentials: undefined,
      signal: new AbortController().signal,
    });
}

test("what servers do not let a client do is told with their status, words and headers", async () => {
  const ask = scene(() => influxError(401, "authorization failed"));
  for (const text of ["SHOW MEASUREMENTS", "SELECT v FROM m", "SELECT mean(v) FROM m"]) {
    const answer = await ask(text);
    assert.deepEqual(await told(answer), [401, '{"error":"authorization failed"}\n'], text);
    assert.equal(answer.kind === "passed" && answer.head.header("x-influxdb-error"), "authorization failed");
  }
});

test("an answer of several shards tells for how long the stalest of them was not in sync", async () => {
  const ask = scene(() => json(EMPTY_RESULT), { b: 4_000, c: 12_000 });
  const staleMs = async (text: string) => {
    const answer = await ask(text);
    await told(answer);
    return answer.kind === "passed" ? answer.staleMs : assert.fail();
  };
  assert.equal(await staleMs("SELECT v FROM m"), 12_000);
  assert.equal(await staleMs("SELECT v FROM m WHERE c = 'a1' OR c = 'b1'"), 4_000);
  assert.equal(await staleMs("SELECT v FROM m WHERE c = 'a1'; SHOW MEASUREMENTS WHERE c = 'a1'"), undefined);
});
