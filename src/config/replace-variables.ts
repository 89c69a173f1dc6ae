import type { Finding, Keys } from "./problems.ts";

/** Where a config's text comes from, and what its `${...}` may refer to. */
export interface ConfigSource {
  /** Stands before every problem, usually the file's name. */
  readonly name: string;
  /** The value of an environment variable, for `${NAME}`. */
  readonly env: (name: string) => string | undefined;
  /** The text of a file, for `${file:PATH}`; throws if it cannot be read. */
  readonly readFile: (path: string) => string;
  /** False where the runtime has no addresses: listeners must not name one. */
  readonly addresses?: boolean;
}

/** `$${` (a literal `${`), `${...}`, or a `${` that nothing closes. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g;

/**
 * A copy of `tree` in which every string has its `${NAME}` and `${file:PATH}` replaced, once: what is put in is not
 * read again. It works on parsed values, so no secret can add a key. What cannot be replaced is left and reported.
 */
export function replaceVariables(
  tree: unknown,
  source: ConfigSource,
): { readonly value: unknown; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];

  function walk(value: unknown, keys: Keys): unknown {
    if (typeof value === "string") {
      return value.replace(REFERENCE, (whole, inner?: string) => {
        if (whole === "$${") return "${";
        const found = resolve(inner, source);
        if ("text" in found) return found.text;
        findings.push({ keys, message: found.problem });
        return whole;
      });
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...keys, index]));
    if (isPlainObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, walk(item, [...keys, key])]),
      );
    }
    return value;
  }

  return { value: walk(tree, []), findings };
}

/** A text that {@link replaceVariables} turns back into `text`. */
export function escapeReferences(text: string): string {
  return text.split("${").join("$${");
}

function resolve(inner: string | undefined, source: ConfigSource): { text: string } | { problem: string } {
  if (inner?.startsWith("file:") && inner.length > "file:".length) {
    const path = inner.slice("file:".length);
    try {
      return { text: source.readFile(path).replace(/\r?\n$/, "") };
    } catch (error) {
      return {
        problem: `cannot read the file ${JSON.stringify(path)}: ${error instanceof Error ? error.message : error}`,
      };
    }
  }
  if (inner === undefined || !/^[A-Za-z_]\w*$/.test(inner)) {
    // Not quoted: a password may hold "${" by chance.
    return {
      problem: `has a "\${" that begins neither \${NAME} nor \${file:PATH}; write "$\${" for a literal "\${"`,
    };
  }
  const text = source.env(inner);
  return text === undefined ? { problem: `the environment variable ${inner} is not set` } : { text };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
