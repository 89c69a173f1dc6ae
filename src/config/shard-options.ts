import * as v from "valibot";
import type { ShardKeyPart } from "./config.ts";
import { info } from "./options.ts";
import { isShardName, parseShardKeyPart } from "./shard-key.ts";

const SHARD_BY =
  '"measurement", "db", "tag:NAME" with the name of a tag, or a list of different ones of these';
const SHARD_NAME = "1 to 64 letters, digits, dots, dashes and underscores";

/** What a point's place is made from; the value is a list in any case. */
export function shardBy(about: string) {
  const mustBe = `must be ${SHARD_BY}`;
  return v.pipe(
    v.optional(
      v.pipe(
        v.custom<string | string[]>((input) => input !== undefined, mustBe),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          const parts = keyParts(dataset.value);
          if (parts !== undefined) return parts;
          addIssue({ message: mustBe });
          return NEVER;
        }),
      ),
    ),
    info({ about, form: SHARD_BY, fallback: "none" }),
  );
}

function keyParts(value: unknown): ShardKeyPart[] | undefined {
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || new Set(texts).size < texts.length) return undefined;
  const parts = texts.map((text) => (typeof text === "string" ? parseShardKeyPart(text) : undefined));
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/** It is hashed and goes into paths and metrics, so it is one that reads the same everywhere. */
export function shardName(about: string) {
  const mustBe = `must be ${SHARD_NAME}`;
  return v.pipe(v.string(mustBe), v.check(isShardName, mustBe), info({ about, form: SHARD_NAME }));
}

/** A table of any keys with the names of shards. Whether there is such a shard is checked later. */
export function pins(about: string, such: string) {
  const form = `a table such as ${such}`;
  return v.pipe(
    v.optional(
      v.pipe(
        v.custom<Readonly<Record<string, string>>>(isTable, `must be ${form}`),
        v.rawCheck(({ dataset, addIssue }) => {
          if (!dataset.typed) return;
          const { value: table } = dataset;
          for (const [key, value] of Object.entries(table)) {
            if (typeof value === "string") continue;
            const path = [{ type: "object" as const, origin: "value" as const, input: table, key, value }];
            addIssue({ message: "must be the name of a shard", path: path as never });
          }
        }),
      ),
      {},
    ),
    info({ about, form, fallback: "none" }),
  );
}

const isTable = (input: unknown): boolean =>
  typeof input === "object" && input !== null && !Array.isArray(input) && !(input instanceof Date);
