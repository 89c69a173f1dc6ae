import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readBackendArguments } from "../adapters/node/backend-arguments.ts";
import { readRecoveryArguments } from "../adapters/node/recovery-arguments.ts";
import { configFromObject, parseConfig } from "../src/config/parse.ts";
import { formatQuietHours } from "../src/config/recovery-schema.ts";
import { source } from "./config/support.ts";

const page = readFileSync(fileURLToPath(new URL("../docs/recovery.md", import.meta.url)), "utf8");
const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text = ""]) => text);

test("the commands of docs/recovery.md are ones that can be run", () => {
  const inText = [...page.matchAll(/`(influxdb-relay [^`]*--config relay\.toml)`/g)].map(
    ([, text = ""]) => text,
  );
  const commands = [...blocks("sh").flatMap((text) => text.trim().split("\n")), ...inText];
  assert.ok(commands.length >= 12, `${commands.length} commands`);
  for (const command of commands) {
    const [program, action = "", ...args] = command.split(" ");
    assert.equal(program, "influxdb-relay");
    if (action === "compare" || action === "recover") readRecoveryArguments(action, args, 0n);
    else readBackendArguments(action as "status", args);
  }
});

test("every option of recover is on the page", () => {
  const help = readRecoveryArguments("recover", ["--help"], 0n);
  assert.ok(help.action === "help");
  const options = [...new Set(help.text.match(/--[a-z-]+/g))].filter((option) => option !== "--config");
  assert.deepEqual(
    options.filter((option) => !page.includes(`\`${option}`) && !page.includes(`, ${option}`)),
    [],
  );
});

test("its configs are right, and [recovery] is the default but for the quiet hours", () => {
  const [recovery = "", peers = "", admin = ""] = blocks("toml");
  const http = '[[http]]\nbind-addr = ":0"\noutput = [{ location = "http://a" }]\n';
  const config = parseConfig(`${recovery}${admin}${http}`, source());
  const { admin: own } = parseConfig(`${peers}${http}`, source({ RELAY_ADMIN_TOKEN: "t" }));
  assert.deepEqual(own?.peers, ["http://10.0.0.2:9097"]);
  const { quietHours, ...rest } = config.recovery;
  assert.equal(quietHours && formatQuietHours(quietHours), "22:00-06:00");
  const defaults = configFromObject(
    { http: [{ "bind-addr": ":0", output: [{ location: "http://a" }] }] },
    source(),
  ).recovery;
  assert.deepEqual({ ...rest, quietHours: undefined }, defaults);
});
