import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../src/config/parse.ts";
import { source } from "./config/support.ts";
import { type SpoolScene, startSpoolScene } from "./support/spool-scene.ts";
import { poll } from "./support/wait.ts";

const file = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const page = readFileSync(file("operations.md"), "utf8");
const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = ""]) =>
  text.trim().split("\n"),
);
const TOKEN = "of-the-page";

describe("docs/operations.md", () => {
  let scene: SpoolScene;
  before(async () => {
    scene = await startSpoolScene({ admin: `token = "${TOKEN}"` });
  });
  after(() => scene?.close());

  /** What is printed, without what differs from run to run: times, sizes, the config's path, and how it is lined up. */
  const alike = (text: string) =>
    text
      .replace(/--config \S+/g, "--config FILE")
      .replace(/\b\d+(\.\d+)?( K?i?B|s)\b/g, "N$2")
      .replace(/ K?i?B\b/g, " B")
      .replace(/1970-\S+Z/g, "TIME")
      .replace(/ +/g, " ")
      .trim();

  test("its config is right", () => {
    const [, config = ""] = /^```toml\n(.*?)^```$/ms.exec(page) ?? [];
    const parsed = parseConfig(config, { ...source(), env: () => TOKEN });
    assert.equal(parsed.http[0]?.outputs[1]?.healthCheckIntervalMs, 2_000);
  });

  test("status prints what it shows", async () => {
    const [, example = ""] = /^```\n(SERVER .*?)^```$/ms.exec(page) ?? [];
    let printed = "";
    await poll(
      async () => {
        const { code, output } = await scene.runProcess("status");
        printed = output;
        return code === 1 && alike(output) === alike(example);
      },
      "the output of the page",
      undefined,
      () => `\n${printed}\n${alike(printed)}\n${alike(example)}`,
    );
  });

  test("its commands do what it says", async () => {
    const lines = commands.filter((line) => line.startsWith("influxdb-relay "));
    assert.deepEqual(lines, [
      "influxdb-relay status --config relay.toml",
      "influxdb-relay drain b --config relay.toml",
      "influxdb-relay resume b --config relay.toml",
      "influxdb-relay check --config relay.toml",
      "influxdb-relay doctor --config relay.toml",
    ]);
    assert.equal((await scene.run("check")).code, 0);
    const doctor = await scene.run("doctor");
    assert.equal(doctor.code, 1);
    assert.match(doctor.output, /^PROBLEM {2}b: reachable: no answer to \/ping/m);
    assert.match(doctor.output, /^PROBLEM {2}relay: running: runs, and does not let b have queries$/m);
    const drained = async () => (await scene.run("status")).output.includes("drained by operator");
    assert.equal((await scene.runProcess("drain", "b")).code, 0);
    assert.ok(await drained());
    assert.equal((await scene.runProcess("resume", "b")).code, 0);
    assert.ok(!(await drained()));
  });

  test("the health check is answered as it says", () => {
    const [line, ...others] = commands.filter((command) => command.startsWith("curl "));
    assert.ok(line && others.length === 0);
    const local = line.replace("http://127.0.0.1:9096", scene.relay?.url("main") ?? "");
    const answer = JSON.parse(execFileSync("bash", ["-c", local], { encoding: "utf8" }));
    const [, example = ""] = /^```json\n(.*?)^```$/ms.exec(page) ?? [];
    assert.deepEqual(Object.keys(answer), Object.keys(JSON.parse(example)));
    assert.deepEqual([answer.name, answer.status, answer.reasons[0]], ["b", "fail", "down: refused"]);
  });

  test("every page it links to is there", () => {
    for (const [, target = ""] of page.matchAll(/\]\(([^)#]+)/g)) assert.ok(existsSync(file(target)), target);
  });
});
