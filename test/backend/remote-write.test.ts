import assert from "node:assert/strict";
import { test } from "node:test";
import { BackendClient } from "../../src/backend/client.ts";
import { timeRange } from "../../src/write/time-range.ts";
import { REMOTE_WRITE } from "../../src/writer.ts";
import { createTestPlatform, httpAnswer } from "../support/test-platform.ts";
import { OUTPUT } from "./replica-set.ts";

const DESTINATION = { db: "d", rp: "", precision: REMOTE_WRITE, credentials: undefined };
const BODY = new Uint8Array(5_000).fill(10);

test("a request of remote write goes to its own endpoint, neither packed again nor divided", async () => {
  const platform = createTestPlatform({ http: () => httpAnswer(413) });
  const output = { ...OUTPUT, gzip: true, writePath: "/base/write" };
  const { reply } = await new BackendClient(output, platform).write(DESTINATION, [BODY]);
  assert.equal(reply.status, 413);
  assert.equal(platform.sent.length, 1);
  const [sent] = platform.sent;
  assert.equal(sent?.path, "/base/api/v1/prom/write?db=d");
  assert.equal(sent?.headers["content-encoding"], "snappy");
  assert.deepEqual(sent?.body, BODY);
});

test("what is lost of it may be from any time", () => {
  const range = timeRange(BODY, REMOTE_WRITE);
  assert.deepEqual([range?.minNs, range?.maxNs], [-9_223_372_036_854_775_806n, 9_223_372_036_854_775_806n]);
});
