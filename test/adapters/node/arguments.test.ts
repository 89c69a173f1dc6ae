import assert from "node:assert/strict";
import { test } from "node:test";
import { readArguments, USAGE, UsageError } from "../../../adapters/node/arguments.ts";

const cases: readonly [string[], object][] = [
  [[], { kind: "serve", config: undefined }],
  [["--config", "r.toml"], { kind: "serve", config: "r.toml" }],
  [["-config", "r.toml"], { kind: "serve", config: "r.toml" }],
  [["-config=r.toml"], { kind: "serve", config: "r.toml" }],
  [["--config", "r.toml", "--check"], { kind: "check", config: "r.toml", json: false }],
  [["--config", "r.toml", "--check", "--json"], { kind: "check", config: "r.toml", json: true }],
  [["--version"], { kind: "version" }],
  [["serve"], { kind: "serve", config: undefined }],
  [["serve", "-config", "r.toml"], { kind: "serve", config: "r.toml" }],
  [["check", "--config", "r.toml", "--json"], { kind: "check", config: "r.toml", json: true }],
  [["-h"], { kind: "help", text: USAGE }],
  [["--config", "r.toml", "--help"], { kind: "help", text: USAGE }],
];

for (const [args, command] of cases) {
  test(`arguments: ${args.join(" ") || "none"}`, () => assert.deepEqual(readArguments(args), command));
}

for (const args of [
  ["--confg", "x"],
  ["--config"],
  ["--check"],
  ["relay.toml"],
  ["check"],
  ["serve", "--json"],
  ["--config", "r.toml", "--json"],
  ["--config", ""],
  ["check", "--config", ""],
  ["serve", "--check", "--config", "r.toml"],
  ["check", "--version"],
]) {
  test(`arguments that are wrong: ${args.join(" ")}`, () => {
    assert.throws(() => readArguments(args), UsageError);
  });
}

test("a wrong option is named with the help that tells the right ones, and nothing else", () => {
  const told = (args: string[], message: string) =>
    assert.throws(() => readArguments(args), new UsageError(message));
  told(["check", "r.toml"], "check: Unexpected argument 'r.toml'; see influxdb-relay check --help");
  told(["--confg", "x"], "Unknown option '--confg'; see influxdb-relay --help");
});
