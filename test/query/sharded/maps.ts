import type { KeyMap, KeyPart } from "../../../src/query/sharded/key-map.ts";

const OWNERS: Readonly<Record<string, number>> = { a: 0, b: 1, c: 2, d: 0, "": 1 };

/** Three shards; a key belongs to the one of its last part's first letter, others to the third. */
export function mapBy(...parts: readonly ("db" | "measurement" | `tag:${string}`)[]): KeyMap {
  const by = parts.map(
    (part): KeyPart =>
      part === "db" || part === "measurement" ? { kind: part } : { kind: "tag", name: part.slice(4) },
  );
  return {
    by,
    shards: ["s1", "s2", "s3"],
    owner: (values) => OWNERS[(values.at(-1) ?? "").slice(0, 1)] ?? 2,
  };
}
