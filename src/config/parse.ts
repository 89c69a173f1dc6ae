import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { ConfigError } from "../errors.ts";
import { buildConfig } from "./build.ts";
import type { Config } from "./config.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { type Finding, formatKeys, type Keys, toProblem, valueAt } from "./problems.ts";
import { checkRelations } from "./relations.ts";
import { type ConfigSource, replaceVariables } from "./replace-variables.ts";
import { addresslessSchema, type ConfigValues, configSchema } from "./schema.ts";
import { removeWrong, type SoundConfig } from "./sound.ts";
import { unknownKeys } from "./unknown-keys.ts";

export type { ConfigSource };

/**
 * Reads a config file's text (TOML).
 * @throws {ConfigError} with the place of the syntax error, or with every problem of the values.
 */
export function parseConfig(text: string, source: ConfigSource): Config {
  let tree: unknown;
  try {
    tree = parseToml(text, { unsafeKeyBehaviour: "throw" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new ConfigError(`${source.name}:${error.line}:${error.column}`, [
      { path: "", message: syntaxMessage(error) },
    ]);
  }
  return configFromObject(tree, source);
}

/** The parser's reason without the lines of the file that it quotes: they may hold a password. */
function syntaxMessage(error: TomlError): string {
  const reason = error.message.split("\n", 1)[0] ?? "";
  return `not TOML: ${reason.replace(/^Invalid TOML document: /, "")}`;
}

/**
 * Reads a config that is an object already, with the keys and values of the file.
 * @throws {ConfigError} with every problem.
 */
export function configFromObject(tree: unknown, source: ConfigSource): Config {
  const replaced = replaceVariables(tree, source);
  const schema = source.addresses === false ? addresslessSchema : configSchema;
  const parsed = v.safeParse(schema, replaced.value);
  const findings: Finding[] = [...replaced.findings];
  const unreplaced = new Set(findings.map(({ keys }) => formatKeys(keys)));
  for (const finding of (parsed.issues ?? []).map(toFinding)) {
    if (!unreplaced.has(formatKeys(finding.keys))) findings.push(finding);
  }
  const wrong = new Set(findings.map(({ keys }) => formatKeys(keys)));
  removeWrong(
    parsed.output,
    findings.map(({ keys }) => keys),
  );
  findings.push(...unknownKeys(schema, replaced.value));
  if (!wrong.has("")) {
    const facts = {
      given: (keys: Keys) => valueAt(tree, keys) !== undefined,
      wrong: (keys: Keys) => wrong.has(formatKeys(keys)),
    };
    findings.push(...checkRelations(parsed.output as SoundConfig, facts));
  }
  if (findings.length > 0) {
    throw new ConfigError(
      source.name,
      findings.map((finding) => toProblem(finding, tree)),
    );
  }
  return deepFreeze(buildConfig(parsed.output as ConfigValues));
}

function toFinding(issue: v.InferIssue<typeof configSchema>): Finding {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  return { keys, message: issue.message, withValue: true };
}
