import assert from "node:assert/strict";
import { test } from "node:test";
import { readArguments, UsageError } from "../../../adapters/node/arguments.ts";

const cases: readonly [string[], object][] = [
  [[], { kind: "serve", config: undefined }],
  [["--config", "r.toml"], { kind: "serve", config: "r.toml" }],
  [["-config", "r.toml"], { kind: "serve", config: "r.toml" }],
  [["-config=r.toml"], { kind: "serve", config: "r.toml" }],
  [["--config", "r.toml", "--check"], { kind: "check", config: "r.toml" }],
  [["--version"], { kind: "version" }],
  [["-h"], { kind: "help" }],
  [["--config", "r.toml", "--help"], { kind: "help" }],
];

for (const [args, command] of cases) {
  test(`arguments: ${args.join(" ") || "none"}`, () => assert.deepEqual(readArguments(args), command));
}

for (const args of [["--confg", "x"], ["--config"], ["--check"], ["relay.toml"]]) {
  test(`arguments that are wrong: ${args.join(" ")}`, () => {
    assert.throws(() => readArguments(args), UsageError);
  });
}
