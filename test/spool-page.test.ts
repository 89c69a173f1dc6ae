import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../src/config/parse.ts";
import { source } from "./config/support.ts";
import { type SpoolScene, startSpoolScene } from "./support/spool-scene.ts";

const file = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const page = readFileSync(file("spool.md"), "utf8");
const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = ""]) =>
  text.trim().split("\n"),
);
const TOKEN = "of-the-page";

/** What each command of the page does to the relay of the scene, in the order of the page. */
const EXPECTED: readonly [command: string, code: number, output: RegExp][] = [
  ["spool list", 0, /^b +other +default +1 +404 database not found: "other"$/m],
  ["spool show --backend b", 0, /late v=1 3/],
  ["spool show --backend b --held", 0, /held v=1 1/],
  ["spool show --backend b --dead --limit 100", 0, /rejected: 400/],
  ["spool replay --backend b --db demo", 0, /replayed 1 record /],
  ["spool replay --backend b", 0, /replayed 0 records /],
  ["spool drop --backend b --held --db other", 2, /would drop 1 record held/],
  ["spool drop --backend b --held --db other --yes", 0, /dropped 1 record held/],
  ["spool drop --backend b --dead --yes", 0, /dropped 0 records /],
  ["spool drop --backend b --backlog --yes", 0, /dropped 4 records /],
  ["spool verify", 0, /^b +backlog/m],
];

describe("docs/spool.md", () => {
  let scene: SpoolScene;
  before(async () => {
    scene = await startSpoolScene({ admin: `token = "${TOKEN}"` });
  });
  after(() => scene?.close());

  test("its config is right", () => {
    const [, config = ""] = /^```toml\n(.*?)^```$/ms.exec(page) ?? [];
    const parsed = parseConfig(config, { ...source(), env: () => TOKEN });
    assert.equal(parsed.admin?.token?.reveal(), TOKEN);
  });

  test("its commands do what it says", async () => {
    const lines = commands.filter((line) => line.startsWith("influxdb-relay "));
    assert.deepEqual(
      lines,
      EXPECTED.map(
        ([command]) => `influxdb-relay ${command.replace(/^(spool \w+)/, "$1 --config relay.toml")}`,
      ),
    );
    for (const [command, code, output] of EXPECTED) {
      const run = await scene.runProcess(...command.split(" "));
      assert.equal(run.code, code, `${command}\n${run.output}`);
      assert.match(run.output, output, command);
    }
  });

  test("its request to the admin listener is answered", () => {
    const [line, ...others] = commands.filter((command) => command.startsWith("curl "));
    assert.ok(line && others.length === 0);
    const local = line.replace("http://127.0.0.1:9097", scene.relay?.url("[admin]") ?? "");
    const env = { ...process.env, RELAY_ADMIN_TOKEN: TOKEN };
    const answer = execFileSync("bash", ["-c", local], { encoding: "utf8", env });
    assert.equal(JSON.parse(answer).backends.length, 2);
  });

  test("every page it links to is there", () => {
    for (const [, target = ""] of page.matchAll(/\]\(([^)#]+)/g)) assert.ok(existsSync(file(target)), target);
  });
});
