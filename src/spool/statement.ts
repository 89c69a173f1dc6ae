import * as v from "valibot";
import type { Change, Destination } from "../writer.ts";
import type { NewRecord } from "./log.ts";

const noteSchema = v.object({
  change: v.object({
    db: v.string(),
    rp: v.string(),
    scope: v.nullable(v.array(v.string())),
    timeoutMs: v.number(),
    secret: v.boolean(),
  }),
});
/** The text of a statement and the client's credentials, together where they are sealed. */
const secretSchema = v.tuple([v.string(), v.nullable(v.string())]);

/** What is shown of a statement that has a password in it. */
export const SECRET_TEXT = "<a statement with a password>";

/** Databases in whose order a statement has a place; undefined for all of them. */
export type Scope = Change["scope"];

/** One key for each set of databases. */
export function scopeKey(scope: Scope): string {
  return scope === undefined ? "*" : JSON.stringify([...new Set(scope)].sort());
}

/**
 * A change as it stands in a record. One with a password is stored as its credentials are, sealed: then there is
 * nothing in the body. `more` is what else is to be noted.
 */
export function statementRecord(
  change: Change,
  more: object = {},
): Pick<NewRecord, "destination" | "body" | "closed" | "note" | "statement"> {
  const { text, db, rp, scope, timeoutMs, hasPassword: secret, credentials } = change;
  const own = { change: { db, rp, scope: scope ?? null, timeoutMs, secret } };
  const sealed = { authorization: JSON.stringify([text, credentials?.authorization ?? null]) };
  return {
    destination: { ...placeOf(scope), credentials: secret ? sealed : credentials },
    body: new TextEncoder().encode(secret ? "" : text),
    closed: false,
    note: JSON.stringify({ ...more, ...own }),
    statement: true,
  };
}

/** The change of a record; undefined if it is not one that this relay understands. */
export function changeOf(record: NewRecord): Change | undefined {
  const { body, destination } = record;
  try {
    const { db, rp, scope, timeoutMs, secret } = v.parse(noteSchema, JSON.parse(record.note)).change;
    const [text, authorization] = secret
      ? v.parse(secretSchema, JSON.parse(destination.credentials?.authorization ?? ""))
      : [new TextDecoder().decode(body), destination.credentials?.authorization ?? null];
    const credentials = authorization === null ? undefined : { authorization };
    return { text, db, rp, scope: scope ?? undefined, timeoutMs, hasPassword: secret, credentials };
  } catch {
    return undefined;
  }
}

/** What a person may see of the record of a statement. */
export function statementText({ note, body }: NewRecord): string {
  const parsed = v.safeParse(noteSchema, jsonOf(note));
  return parsed.success && parsed.output.change.secret ? SECRET_TEXT : new TextDecoder().decode(body);
}

/** The databases of a statement's record. */
export function scopeOf({ note }: NewRecord): Scope {
  const parsed = v.safeParse(noteSchema, jsonOf(note));
  return parsed.success ? (parsed.output.change.scope ?? undefined) : undefined;
}

/** Where a statement belongs, for who looks for the records of one database. */
export function placeOf(scope: Scope): Destination {
  const db = scope?.length === 1 ? (scope[0] as string) : "";
  return { db, rp: "", precision: "", credentials: undefined };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
