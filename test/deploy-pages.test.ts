import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { send } from "./conformance/client.ts";
import { temporaryDirectory } from "./support/child.ts";
import { DENO_RUN } from "./support/deno.ts";
import { startFaultyInfluxdb } from "./support/faulty-influxdb.ts";
import { startRelay } from "./support/relay-process.ts";
import { poll } from "./support/wait.ts";

const pageOf = (runtime: string) =>
  readFileSync(fileURLToPath(new URL(`../docs/deploy-${runtime}.md`, import.meta.url)), "utf8");

for (const runtime of ["node", "deno"] as const) {
  test(`docs/deploy-${runtime}.md: its config and its write work`, async () => {
    const [, config = ""] = /^```toml\n(.*?)^```$/ms.exec(pageOf(runtime)) ?? [];
    const [, body = ""] = /^curl -i .* --data-binary '(.*)'$/m.exec(pageOf(runtime)) ?? [];
    const servers = [
      await startFaultyInfluxdb({ databases: ["telegraf"] }),
      await startFaultyInfluxdb({ databases: ["telegraf"] }),
    ] as const;
    let local = config;
    for (const [port, there] of [
      ["127.0.0.1:8086", new URL(servers[0].url).host],
      ["127.0.0.1:7086", new URL(servers[1].url).host],
      ["127.0.0.1:9096", "127.0.0.1:0"],
      ["127.0.0.1:8089", "127.0.0.1:0"],
      ["/var/lib/influxdb-relay/1", join(temporaryDirectory("deploy"), "1")],
    ] as const) {
      assert.ok(local.includes(port), port);
      local = local.replace(port, there);
    }
    const relay = await startRelay({ config: local, runtime });
    try {
      const { status } = await send(`${relay.url("main")}/write?db=telegraf`, { body });
      assert.equal(status, 204);
      for (const server of servers)
        await poll(async () => server.points("telegraf").length === 1, "the point of the page");
      assert.equal(await relay.stop(), 0);
    } finally {
      await relay.kill();
      await Promise.all(servers.map((server) => server.close()));
    }
  });
}

test("docs/deploy-deno.md names the flags of the task, in both places", () => {
  assert.equal(pageOf("deno").split(["deno", ...DENO_RUN].join(" ")).length - 1, 2);
});
