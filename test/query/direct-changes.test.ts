import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectBackend } from "../../src/backend/direct.ts";
import { OUTPUT_DEFAULTS } from "../../src/config/defaults.ts";
import { TransportError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";
import { DirectChanges } from "../../src/query/direct-changes.ts";
import type { Change } from "../../src/writer.ts";
import { createTestPlatform, httpAnswer, type Script } from "../support/test-platform.ts";

const CHANGE: Change = {
  ...{ text: "DROP MEASUREMENT m", db: "d", rp: "", scope: ["d"], hasPassword: false },
  ...{ credentials: undefined, timeoutMs: 1_000 },
};
const DONE = httpAnswer(200, '{"results":[{"statement_id":0}]}\n');

function scene(http: Script) {
  const platform = createTestPlatform({ http });
  const log = createLog(platform.log, platform.clock);
  const backends = ["a", "b"].map(
    (name) => new DirectBackend({ ...OUTPUT_DEFAULTS, name, origin: `http://${name}` }, platform, log),
  );
  const post = () => new DirectChanges(backends, log).post(CHANGE, new AbortController().signal);
  const executed = () => platform.sent.filter(({ path }) => path === "/query").map(({ origin }) => origin);
  return { platform, post, executed };
}

test("a change goes to all replicas", async () => {
  const { post, executed } = scene(({ path }) => (path === "/ping" ? httpAnswer(204) : DONE));
  assert.equal((await post()).status, 200);
  assert.deepEqual(executed(), ["http://a", "http://b"]);
});

test("while a replica does not answer, nothing is executed anywhere", async () => {
  const { post, executed } = scene(({ origin, path }) => {
    if (origin === "http://b") throw new TransportError("refused", false, "refused");
    return path === "/ping" ? httpAnswer(204) : DONE;
  });
  const { status, influxError, retryAfter } = await post();
  assert.deepEqual([status, retryAfter, executed()], [503, "1", []]);
  assert.match(influxError ?? "", /^unable to execute statement: b does not answer/);
});

test("a replica that fails in the middle is told of in the log", async () => {
  const { post, platform } = scene(({ origin, path }) => {
    if (path === "/ping") return httpAnswer(204);
    if (origin === "http://b") throw new TransportError("reset", true, "reset");
    return DONE;
  });
  assert.equal((await post()).status, 200);
  const lost = platform.logged.filter(({ event }) => event === "change-lost");
  assert.deepEqual(
    lost.map(({ fields }) => fields["backend"]),
    ["b"],
  );
});
