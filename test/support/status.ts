import assert from "node:assert/strict";
import * as v from "valibot";
import { statusSchema } from "../../src/observe/status-schema.ts";

/** Reads what `/status` answered, which must be what the published schema says. */
export function readStatus<T>(text: string): T {
  const value: unknown = JSON.parse(text);
  const { issues = [] } = v.safeParse(statusSchema, value);
  assert.deepEqual(
    issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`),
    [],
    text,
  );
  return value as T;
}
