import type { ShardKeyPart } from "./config.ts";

const TAG = "tag:";

/** 1 to 64 of these. */
export const isShardName = (text: string): boolean => /^[\w.-]{1,64}$/.test(text);

export const MAX_SHARD_WEIGHT = 1000;

/**
 * Reads one part of `shard-by`: `db`, `measurement` or `tag:NAME`; undefined if it is none. No tag of InfluxDB has a
 * name that ends in a backslash.
 */
export function parseShardKeyPart(text: string): ShardKeyPart | undefined {
  if (text === "db" || text === "measurement") return { kind: text };
  const name = text.startsWith(TAG) ? text.slice(TAG.length) : "";
  return name === "" || name.endsWith("\\") ? undefined : { kind: "tag", name };
}

/** The text that {@link parseShardKeyPart} reads. */
export const formatShardKeyPart = (part: ShardKeyPart): string =>
  part.kind === "tag" ? TAG + part.name : part.kind;

/** The values that a pin names. Where a key has several parts, commas are between them; `\,` is a comma in one. */
export function parsePin(text: string, parts: number): string[] {
  if (parts === 1) return [text];
  return text.split(/(?<!\\),/).map((value) => value.replaceAll("\\,", ","));
}

/** The text that {@link parsePin} reads. */
export function formatPin(values: readonly string[], parts: number): string {
  return parts === 1 ? values.join() : values.map((value) => value.replaceAll(",", "\\,")).join();
}
