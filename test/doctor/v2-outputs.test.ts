import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/parse.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { source } from "../config/support.ts";
import { createTestPlatform } from "../support/test-platform.ts";
import { createV2Server } from "../support/v2-server.ts";

test("of a server of the 2.x kind it is found out whether it answers, and nothing is asked in InfluxQL", async () => {
  const server = createV2Server({ buckets: [] });
  const platform = createTestPlatform({ http: server.answer });
  const output = `{ name = "b", location = "http://b:8086", kind = "v2", org = "acme", token = "writer" }`;
  const config = parseConfig(`[[http]]\nbind-addr = "127.0.0.1:0"\noutput = [${output}]`, source());
  const found = (await diagnose(config, platform)).filter(({ subject }) => subject === "b");
  assert.deepEqual(
    found.map(({ level, check, message }) => [level, check, message]),
    [["ok", "reachable", "InfluxDB v2.7.11 (OSS), answers in 0 ms"]],
  );
  assert.deepEqual(
    platform.sent.map(({ path }) => path),
    ["/ping"],
  );
});
