import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "./child.ts";
import { startRelay } from "./relay-process.ts";

/** A program in the place of the relay. */
function stub(source: string): { entry: string; config: string } {
  const entry = join(temporaryDirectory("stub"), "stub.mjs");
  writeFileSync(entry, source);
  return { entry, config: "a = 1\n" };
}

test("finds the listeners in the log, waits for lines, and hands back the exit code", async () => {
  const relay = await startRelay({
    ...stub(`
      import { readFileSync } from "node:fs";
      const log = (line) => process.stderr.write(JSON.stringify(line) + "\\n");
      process.stdout.write("this is cut");
      log({ event: "listening", listener: "main", protocol: "http", address: "127.0.0.1:1234" });
      log({ event: "config", text: readFileSync(process.argv[3], "utf8"), env: process.env.A, last: process.argv.at(-1) });
      log({ event: "ready" });
      process.stdout.write(" in two }\\n");
      process.on("SIGTERM", () => { log({ event: "stopping" }); process.exit(3); });
      setInterval(() => {}, 1000);`),
    env: { A: "b" },
    args: ["--last"],
  });
  assert.deepEqual([relay.url("main"), relay.port("main")], ["http://127.0.0.1:1234", 1234]);
  assert.throws(() => relay.url("other"), /no listener other/);
  const { event, ...config } = await relay.waitForLog((line) => line.event === "config");
  assert.deepEqual(config, { text: "a = 1\n", env: "b", last: "--last" });
  await assert.rejects(
    relay.waitForLog((line) => line.event === "never", 1),
    /gave up after 1 ms.*"never".*"ready"/s,
  );
  assert.equal(await relay.stop(), 3);
  assert.equal(relay.log.at(-1)?.event, "stopping");
  assert.equal(existsSync(relay.configFile), false);
});

test("one that ends before it is ready is an error that shows what it printed", async () => {
  const broken = stub(`console.error("line 1: unknown key 'a'"); process.exitCode = 2;`);
  await assert.rejects(startRelay(broken), /ended \(2\).*unknown key 'a'/s);
});
