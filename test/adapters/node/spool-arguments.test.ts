import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../adapters/node/arguments.ts";
import { readSpoolArguments } from "../../../adapters/node/spool-arguments.ts";

const target = { config: "r.toml", json: false };
const cases: readonly [string, object][] = [
  ["list --config r.toml", { action: "list", ...target }],
  ["list -config r.toml --json", { action: "list", config: "r.toml", json: true }],
  ["verify --config r.toml", { action: "verify", ...target, backend: undefined }],
  [
    "show --config r.toml --backend b",
    { action: "show", ...target, backend: "b", part: "backlog", limit: 20 },
  ],
  [
    "show --config=r.toml --backend=b --dead --limit 1000",
    { action: "show", ...target, backend: "b", part: "dead", limit: 1000 },
  ],
  [
    "drop --config r.toml --backend b --held --db d --rp week --yes",
    { action: "drop", ...target, backend: "b", part: "held", where: { db: "d", rp: "week" }, yes: true },
  ],
  [
    "drop --config r.toml --backend b --backlog",
    { action: "drop", ...target, backend: "b", part: "backlog", where: {}, yes: false },
  ],
  [
    "replay --config r.toml --backend b --db d",
    { action: "replay", ...target, backend: "b", where: { db: "d" } },
  ],
];

for (const [text, request] of cases) {
  test(`spool ${text}`, () => assert.deepEqual(readSpoolArguments(text.split(" ")), request));
}

for (const text of [
  "lst",
  "list",
  "list --config",
  "list --config r.toml --yes",
  "list --config r.toml b",
  "show --config r.toml",
  "show --config r.toml --backend b --held --dead",
  "show --config r.toml --backend b --limit 0",
  "show --config r.toml --backend b --limit 1001",
  "show --config r.toml --backend b --limit 1e2",
  "drop --config r.toml --backend b",
  "drop --config r.toml --backend b --held --dead --yes",
  "drop --config r.toml --backend b --held --rp week --yes",
  "drop --config r.toml --held --yes",
  "replay --config r.toml",
  "toString --config r.toml",
]) {
  test(`wrong: spool ${text}`, () => assert.throws(() => readSpoolArguments(text.split(" ")), UsageError));
}

test("each command has help with an example", () => {
  const general = readSpoolArguments([]);
  assert.ok(general.action === "help");
  for (const command of ["list", "show", "verify", "drop", "replay"]) {
    assert.match(general.text, new RegExp(`^  ${command} `, "m"));
    const help = readSpoolArguments([command, "--help"]);
    assert.ok(help.action === "help");
    const [, example = ""] = /^ {2}influxdb-relay spool (.*)$/m.exec(help.text) ?? [];
    assert.equal(readSpoolArguments(example.split(" ")).action, command);
  }
});
