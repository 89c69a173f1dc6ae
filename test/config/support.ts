import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { type ConfigSource, parseConfig } from "../../src/config/parse.ts";
import { ConfigError } from "../../src/errors.ts";

/** A source named relay.toml with these variables and files. */
export function source(
  variables: Record<string, string> = {},
  files: Record<string, string> = {},
): ConfigSource {
  return {
    name: "relay.toml",
    env: (name) => variables[name],
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error("no such file");
      return text;
    },
  };
}

/** The message of the ConfigError that `run` must throw. */
export function messageOf(run: () => Config): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  assert.fail("the config was accepted");
}

/** The problems of a config text, one line each, as the user sees them but for the file's name. */
export function problemsOf(text: string, from: ConfigSource = source()): string[] {
  return messageOf(() => parseConfig(text, from))
    .split("\n")
    .map((line) => line.replace(/^relay\.toml: /, ""));
}
