import type { ConfigProblem } from "../errors.ts";

/** Where a value is: keys of tables and indexes of lists, from the top. */
export type Keys = readonly (string | number)[];

/** A problem before it is put into words for the reader. */
export interface Finding {
  readonly keys: Keys;
  readonly message: string;
  /** Ends the message with the value that was found. */
  readonly withValue?: true;
}

/** Keys at or below which nothing is ever quoted. */
const SECRET_KEYS: ReadonlySet<string | number> = new Set([
  "auth",
  "username",
  "password",
  "token",
  "peer-token",
  "credentials-key",
]);

/** The value at `keys`, or undefined. */
export function valueAt(tree: unknown, keys: Keys): unknown {
  let value = tree;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** `http[0].output[1].timeout`; a key that TOML would want quoted is quoted. */
export function formatKeys(keys: Keys): string {
  let path = "";
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    else path += `${path === "" ? "" : "."}${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)}`;
  }
  return path;
}

/**
 * The finding for the reader. `written` is the config as written, before `${...}` was replaced: what came in that way
 * may be a secret and is never shown, wherever it stands.
 */
export function toProblem({ keys, message, withValue }: Finding, written: unknown): ConfigProblem {
  const found = withValue ? shown(keys, valueAt(written, keys)) : undefined;
  return { path: formatKeys(keys), message: found === undefined ? message : `${message}, found ${found}` };
}

function shown(keys: Keys, value: unknown): string | undefined {
  if (value === undefined || keys.some((key) => SECRET_KEYS.has(key))) return undefined;
  if (typeof value === "string") {
    // A URL with user information or a query string may hold a password.
    return /[@?#]/.test(value) ? undefined : JSON.stringify(value);
  }
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  return value instanceof Date ? "a date" : "a table";
}
