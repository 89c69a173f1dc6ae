import { OWN_DATABASE } from "../backend/own-database.ts";
import { parseGoDuration } from "../config/go-duration.ts";
import { quoteIdentifier } from "../influxql/quote.ts";
import { ServerError } from "./errors.ts";
import type { Server, Table } from "./server.ts";

/** What InfluxDB shows where somebody had a grant once. */
const REVOKED = "NO PRIVILEGES";

/** A retention policy. */
export interface Policy {
  readonly name: string;
  /** 0 keeps points for ever. */
  readonly durationNs: bigint;
  readonly shardNs: bigint;
  readonly replicas: number;
  readonly isDefault: boolean;
}

export interface Database {
  readonly policies: ReadonlyMap<string, Policy>;
  /** The text that makes each continuous query; undefined if the user may not see them. */
  readonly queries: ReadonlyMap<string, string> | undefined;
}

export interface User {
  readonly admin: boolean;
  /** Database -> privilege. */
  readonly grants: ReadonlyMap<string, string>;
}

/** What a server has beside points. All names are byte strings. */
export interface Schema {
  readonly databases: ReadonlyMap<string, Database>;
  /** Undefined if the user may not see them. */
  readonly users: ReadonlyMap<string, User> | undefined;
}

/** @throws {ServerError} */
export async function readSchema(
  server: Server,
  { db: only }: { readonly db?: string | undefined },
  signal: AbortSignal,
): Promise<Schema> {
  const names = (await columns(server, "SHOW DATABASES", ["name"], signal))
    .map(([name]) => String(name))
    .filter((name) => name !== OWN_DATABASE && (only === undefined || name === only));
  const queries = await unlessRefused(() => readQueries(server, signal));
  const databases = new Map<string, Database>();
  for (const name of names) {
    databases.set(name, {
      policies: await readPolicies(server, name, signal),
      queries: queries?.get(name) ?? (queries && new Map()),
    });
  }
  return { databases, users: await unlessRefused(() => readUsers(server, only, signal)) };
}

async function readPolicies(server: Server, db: string, signal: AbortSignal): Promise<Map<string, Policy>> {
  const names = ["name", "duration", "shardGroupDuration", "replicaN", "default"];
  const rows = await columns(server, `SHOW RETENTION POLICIES ON ${quoteIdentifier(db)}`, names, signal);
  return new Map(
    rows.map(([name, duration, shard, replicas, isDefault]) => [
      String(name),
      {
        name: String(name),
        durationNs: nanoseconds(String(duration)),
        shardNs: nanoseconds(String(shard)),
        replicas: Number(replicas),
        isDefault: isDefault === true,
      },
    ]),
  );
}

const nanoseconds = (text: string): bigint => BigInt(Math.round((parseGoDuration(text) ?? 0) * 1e6));

async function readQueries(server: Server, signal: AbortSignal): Promise<Map<string, Map<string, string>>> {
  const tables = await server.table("SHOW CONTINUOUS QUERIES", signal);
  return new Map(
    tables.map(({ name, rows }) => [
      name,
      new Map(rows.map(([query, text]) => [String(query), String(text)])),
    ]),
  );
}

/** With the grants of one database, if that is all that is looked at. */
async function readUsers(
  server: Server,
  only: string | undefined,
  signal: AbortSignal,
): Promise<Map<string, User>> {
  const users = new Map<string, User>();
  for (const [name, admin] of await columns(server, "SHOW USERS", ["user", "admin"], signal)) {
    const grants = await columns(
      server,
      `SHOW GRANTS FOR ${quoteIdentifier(String(name))}`,
      ["database", "privilege"],
      signal,
    );
    users.set(String(name), {
      admin: admin === true,
      grants: new Map(
        grants
          .map(([db, privilege]) => [String(db), String(privilege)] as const)
          .filter(([db, privilege]) => privilege !== REVOKED && (only === undefined || db === only)),
      ),
    });
  }
  return users;
}

/** The rows of a SHOW statement, with these columns in this order. */
async function columns(server: Server, q: string, names: readonly string[], signal: AbortSignal) {
  const tables = await server.table(q, signal);
  return tables.flatMap(({ columns: found, rows }: Table) => {
    const places = names.map((name) => found.indexOf(name));
    return rows.map((row) => places.map((place) => row[place] ?? null));
  });
}

async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ServerError && error.failure === "refused") return undefined;
    throw error;
  }
}

/** What two servers do not have alike. */
export interface SchemaDifference {
  readonly what: "database" | "retention policy" | "continuous query" | "user" | "grant";
  readonly name: string;
  /** The database of a policy or query; of a grant, too. */
  readonly db: string | undefined;
  /** `missing`: only the source has it. `extra`: only the target. */
  readonly kind: "missing" | "extra" | "different";
  /** What the two have, for people. */
  readonly source: string | undefined;
  readonly target: string | undefined;
}

/** How a target differs from its source, apart from points. Where one of the two does not tell, nothing differs. */
export function compareSchemas(source: Schema, target: Schema): SchemaDifference[] {
  const found = differences("database", undefined, source.databases, target.databases, () => "");
  for (const [db, ours] of source.databases) {
    const theirs = target.databases.get(db);
    found.push(
      ...differences("retention policy", db, ours.policies, theirs?.policies ?? new Map(), policyText),
      ...differences(
        "continuous query",
        db,
        ours.queries,
        theirs ? theirs.queries : new Map(),
        (text) => text,
      ),
    );
  }
  found.push(
    ...differences("user", undefined, source.users, target.users, ({ admin }) => (admin ? "admin" : "")),
  );
  for (const [name, ours] of source.users ?? []) {
    const theirs = target.users?.get(name);
    if (theirs === undefined) continue;
    const grants = differences("grant", undefined, ours.grants, theirs.grants, (privilege) => privilege);
    found.push(...grants.map((grant) => ({ ...grant, name, db: grant.name })));
  }
  return found;
}

function differences<T>(
  what: SchemaDifference["what"],
  db: string | undefined,
  source: ReadonlyMap<string, T> | undefined,
  target: ReadonlyMap<string, T> | undefined,
  text: (value: T) => string,
): SchemaDifference[] {
  if (source === undefined || target === undefined) return [];
  return [...new Set([...source.keys(), ...target.keys()])].flatMap((name) => {
    const [ours, theirs] = [source, target].map((all) => {
      const value = all.get(name);
      return value === undefined ? undefined : text(value);
    });
    if (ours === theirs) return [];
    const kind = theirs === undefined ? "missing" : ours === undefined ? "extra" : "different";
    return [{ what, name, db, kind, source: ours, target: theirs } as const];
  });
}

const policyText = (policy: Policy): string => `${policyClause(policy)}${policy.isDefault ? " DEFAULT" : ""}`;

const policyClause = ({ durationNs, shardNs, replicas }: Policy): string =>
  `DURATION ${durationNs === 0n ? "INF" : `${durationNs}ns`} REPLICATION ${replicas} SHARD DURATION ${shardNs}ns`;

/**
 * The statements that make what the target misses. Users are not among them: nobody can read a password. Grants are only where
 * the whole database was missing: elsewhere somebody may have taken them away.
 */
export function repairStatements(source: Schema, target: Schema): string[] {
  const statements: string[] = [];
  for (const [db, { policies, queries }] of source.databases) {
    const theirs = target.databases.get(db);
    const preset = [...policies.values()].find(({ isDefault }) => isDefault);
    if (theirs === undefined) {
      const own =
        preset === undefined ? "" : ` WITH ${policyClause(preset)} NAME ${quoteIdentifier(preset.name)}`;
      statements.push(`CREATE DATABASE ${quoteIdentifier(db)}${own}`);
    }
    for (const policy of policies.values()) {
      if (theirs === undefined ? policy === preset : theirs.policies.has(policy.name)) continue;
      statements.push(
        `CREATE RETENTION POLICY ${quoteIdentifier(policy.name)} ON ${quoteIdentifier(db)} ${policyText(policy)}`,
      );
    }
    const known = theirs === undefined ? new Map() : theirs.queries;
    for (const [name, text] of queries ?? [])
      if (known !== undefined && !known.has(name)) statements.push(text);
    if (theirs === undefined) statements.push(...grantStatements(db, source, target));
  }
  return statements;
}

/** Of users that the target has. */
function grantStatements(db: string, source: Schema, target: Schema): string[] {
  return [...(source.users ?? [])].flatMap(([name, { grants }]) => {
    const privilege = grants.get(db);
    if (privilege === undefined || !target.users?.has(name)) return [];
    return [`GRANT ${privilege} ON ${quoteIdentifier(db)} TO ${quoteIdentifier(name)}`];
  });
}
