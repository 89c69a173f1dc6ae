import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { checkCapabilities } from "../../src/config/capabilities.ts";
import type { Config } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { ConfigError } from "../../src/errors.ts";

/**
 * Reads a config file. `${NAME}` is the process's environment; a relative `${file:PATH}` starts at the directory of
 * the config file.
 * @throws {ConfigError} when the file cannot be read, with every problem in it, or with what the runtime cannot do.
 */
export function loadConfigFile(path: string, runtime: "node" | "deno"): Config {
  const config = parseConfig(readConfig(path), {
    name: path,
    // process.env has a prototype: ${constructor} is not a variable.
    env: (name) => (Object.hasOwn(process.env, name) ? process.env[name] : undefined),
    readFile: (file) => readFileSync(resolve(dirname(path), file), "utf8"),
  });
  checkCapabilities(config, path, runtime);
  return config;
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "there is no such file" : `cannot be read: ${message}`;
    throw new ConfigError(path, [{ path: "", message: reason }]);
  }
}
