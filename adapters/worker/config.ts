import { checkCapabilities } from "../../src/config/capabilities.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { ConfigError, type ConfigProblem } from "../../src/errors.ts";

/** The Worker's variables, secrets and other bindings by name. */
export type Env = Readonly<Record<string, unknown>>;

/** What the bindings say: the config's text, or why there is none. */
export type Found = { readonly text: string } | { readonly problem: string };

/** The variable with the config's text. */
export const NAME = "RELAY_CONFIG";
/** The binding of the objects that keep what backends lack. */
export const OBJECTS = "RELAY_SPOOL";
/** What goes to an object in one call may have 32 MiB in all. */
const MAX_SPOOLED_BODY = 30 * 1024 * 1024;

/**
 * Looks for the config's text: in `RELAY_CONFIG`, or in `RELAY_CONFIG_1`, `RELAY_CONFIG_2` and so on, each some whole
 * lines, because a variable holds 5 KB at most.
 */
export function findConfig(env: Env): Found {
  const parts = Object.keys(env).filter((name) => /^RELAY_CONFIG_\d+$/.test(name));
  const whole = Object.hasOwn(env, NAME);
  if (whole && parts.length > 0)
    return { problem: `must not be set beside ${parts[0]}: which of them counts?` };
  const names = whole ? [NAME] : parts.map((_, index) => `${NAME}_${index + 1}`);
  const texts = names.map((name) => bindingText(env, name));
  const missing = names.find((_, index) => texts[index] === undefined);
  if (missing !== undefined) return { problem: `is incomplete: ${missing} must be a text` };
  if (names.length === 0)
    return { problem: "is not set: put the text of a config into this variable or secret" };
  return { text: texts.join("\n") };
}

function bindingText(env: Env, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/**
 * Reads the config. `${NAME}` is a variable or secret; there are no files.
 * @throws {ConfigError} with every problem.
 */
export function readConfig(found: Found, env: Env): Config {
  if ("problem" in found) throw new ConfigError(NAME, [{ path: "", message: found.problem }]);
  const { text } = found;
  const config = parseConfig(text, {
    name: NAME,
    env: (name) => bindingText(env, name),
    readFile: () => {
      throw new Error(`a Worker has no files; use a secret, as \${NAME}`);
    },
    addresses: false,
  });
  checkCapabilities(config, NAME, "workers");
  if (config.spool !== undefined) checkObjects(config, env);
  return config;
}

function checkObjects({ http }: Config, env: Env): void {
  const problems: ConfigProblem[] = [];
  if (env[OBJECTS] === undefined) {
    const message = `needs the binding ${OBJECTS} of a Durable Object: take it over from the relay's wrangler.toml`;
    problems.push({ path: "spool", message });
  }
  http.forEach(({ maxBodySize }, i) => {
    if (maxBodySize <= MAX_SPOOLED_BODY) return;
    const message = `must be at most ${MAX_SPOOLED_BODY} with [spool]: more does not go to a Durable Object at a time`;
    problems.push({ path: `http[${i}].max-body-size`, message });
  });
  if (problems.length > 0) throw new ConfigError(NAME, problems);
}
