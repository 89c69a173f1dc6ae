import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareSchemas,
  type Database,
  type Policy,
  repairStatements,
  type Schema,
} from "../../src/recovery/schema.ts";

const HOUR = 3_600_000_000_000n;
const policy = (name: string, changed: Partial<Policy> = {}): Policy => ({
  ...{ name, durationNs: 0n, shardNs: 168n * HOUR, replicas: 1, isDefault: false },
  ...changed,
});
const database = (
  policies: readonly Policy[],
  queries: Record<string, string> | undefined = {},
): Database => ({
  policies: new Map(policies.map((one) => [one.name, one])),
  queries: queries && new Map(Object.entries(queries)),
});
const schema = (databases: Record<string, Database>, users: Schema["users"] = undefined): Schema => ({
  databases: new Map(Object.entries(databases)),
  users,
});
const user = (admin: boolean, grants: Record<string, string> = {}) => ({
  admin,
  grants: new Map(Object.entries(grants)),
});

test("equal schemas do not differ, and nothing is to be made", () => {
  const both = schema(
    { d: database([policy("autogen", { isDefault: true })], { q: "CREATE ..." }) },
    new Map([["u", user(true)]]),
  );
  assert.deepEqual(compareSchemas(both, both), []);
  assert.deepEqual(repairStatements(both, both), []);
});

test("what is missing is made as the source has it", () => {
  const week = policy("we ek", { durationNs: 168n * HOUR, shardNs: 24n * HOUR, replicas: 2 });
  const source = schema({
    "a b": database([policy("x", { isDefault: true, durationNs: HOUR, shardNs: HOUR }), week], {
      q: "CREATE CONTINUOUS QUERY q ...",
    }),
    known: database([policy("autogen", { isDefault: true }), policy("late", { isDefault: false })]),
  });
  const target = schema({ known: database([policy("autogen", { isDefault: true })]) });
  assert.deepEqual(repairStatements(source, target), [
    'CREATE DATABASE "a b" WITH DURATION 3600000000000ns REPLICATION 1 SHARD DURATION 3600000000000ns NAME x',
    'CREATE RETENTION POLICY "we ek" ON "a b" DURATION 604800000000000ns REPLICATION 2 SHARD DURATION 86400000000000ns',
    "CREATE CONTINUOUS QUERY q ...",
    "CREATE RETENTION POLICY late ON known DURATION INF REPLICATION 1 SHARD DURATION 604800000000000ns",
  ]);
  const found = compareSchemas(source, target).map(({ what, name, db, kind }) => [what, name, db, kind]);
  assert.deepEqual(found, [
    ["database", "a b", undefined, "missing"],
    ["retention policy", "x", "a b", "missing"],
    ["retention policy", "we ek", "a b", "missing"],
    ["continuous query", "q", "a b", "missing"],
    ["retention policy", "late", "known", "missing"],
  ]);
});

test("grants on a database that is missing as a whole are made for the users that are there", () => {
  const source = schema(
    { "a b": database([policy("p", { isDefault: true })]), known: database([]) },
    new Map([
      ["u v", user(false, { "a b": "ALL PRIVILEGES", known: "READ" })],
      ["w", user(false, { "a b": "READ" })],
    ]),
  );
  const target = schema({ known: database([]) }, new Map([["u v", user(false)]]));
  assert.deepEqual(repairStatements(source, target).slice(1), ['GRANT ALL PRIVILEGES ON "a b" TO "u v"']);
});

test("policies that differ, users and grants are told and never made", () => {
  const source = schema(
    { d: database([policy("p", { durationNs: HOUR })]) },
    new Map([
      ["u", user(false, { d: "READ" })],
      ["v", user(true)],
    ]),
  );
  const target = schema(
    { d: database([policy("p")]), extra: database([]) },
    new Map([["u", user(true, { d: "WRITE" })]]),
  );
  const found = compareSchemas(source, target).map(({ what, name, kind, source: ours, target: theirs }) => [
    what,
    name,
    kind,
    ours,
    theirs,
  ]);
  const shard = "SHARD DURATION 604800000000000ns";
  assert.deepEqual(found, [
    ["database", "extra", "extra", undefined, ""],
    [
      "retention policy",
      "p",
      "different",
      `DURATION 3600000000000ns REPLICATION 1 ${shard}`,
      `DURATION INF REPLICATION 1 ${shard}`,
    ],
    ["user", "u", "different", "", "admin"],
    ["user", "v", "missing", "admin", undefined],
    ["grant", "u", "different", "READ", "WRITE"],
  ]);
  assert.deepEqual(repairStatements(source, target), []);
});

test("what a user may not see does not differ", () => {
  const source = schema({ d: database([policy("p")], { q: "text" }) }, new Map([["u", user(true)]]));
  const target: Schema = schema({ d: { ...database([policy("p")]), queries: undefined } });
  assert.deepEqual(compareSchemas(source, target), []);
  assert.deepEqual(repairStatements(source, target), []);
});
