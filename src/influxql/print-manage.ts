import type {
  AlterRetentionPolicy,
  CreateContinuousQuery,
  CreateDatabase,
  CreateRetentionPolicy,
  FirstRetentionPolicy,
  Manage,
} from "./ast-manage.ts";
import { formatDuration } from "./duration.ts";
import { clause, joined, printFrom, printWhere } from "./print-clauses.ts";
import { printSelect } from "./print-select.ts";
import { quoteIdentifier as name, quoteString } from "./quote.ts";

export function printManage(statement: Manage): string {
  switch (statement.kind) {
    case "create-database":
      return printCreateDatabase(statement);
    case "create-retention-policy":
      return printPolicy("CREATE", statement);
    case "alter-retention-policy":
      return printPolicy("ALTER", statement);
    case "create-continuous-query":
      return printContinuousQuery(statement);
    case "create-subscription": {
      const { database, retentionPolicy, mode } = statement;
      const destinations = statement.destinations.map(quoteString).join(", ");
      const place = `${name(database)}.${name(retentionPolicy)}`;
      return `CREATE SUBSCRIPTION ${name(statement.name)} ON ${place} DESTINATIONS ${mode} ${destinations}`;
    }
    case "create-user": {
      const admin = statement.admin ? " WITH ALL PRIVILEGES" : "";
      return `CREATE USER ${name(statement.name)} WITH PASSWORD ${quoteString(statement.password)}${admin}`;
    }
    case "drop-database":
    case "drop-measurement":
    case "drop-user":
      return `${words(statement.kind)} ${name(statement.name)}`;
    case "drop-retention-policy":
    case "drop-continuous-query":
      return `${words(statement.kind)} ${name(statement.name)} ON ${name(statement.database)}`;
    case "drop-subscription": {
      const { database, retentionPolicy } = statement;
      return `DROP SUBSCRIPTION ${name(statement.name)} ON ${name(database)}.${name(retentionPolicy)}`;
    }
    case "drop-shard":
      return `DROP SHARD ${statement.id}`;
    case "delete":
    case "drop-series":
      return joined(words(statement.kind), printFrom(statement.from), printWhere(statement.where));
    case "grant":
      return `GRANT ${statement.privilege} ON ${name(statement.database)} TO ${name(statement.user)}`;
    case "revoke":
      return `REVOKE ${statement.privilege} ON ${name(statement.database)} FROM ${name(statement.user)}`;
    case "grant-admin":
      return `GRANT ALL PRIVILEGES TO ${name(statement.user)}`;
    case "revoke-admin":
      return `REVOKE ALL PRIVILEGES FROM ${name(statement.user)}`;
    case "set-password":
      return `SET PASSWORD FOR ${name(statement.user)} = ${quoteString(statement.password)}`;
    case "kill-query":
      return joined(`KILL QUERY ${statement.id}`, clause("ON", statement.host, name));
  }
}

function printCreateDatabase(statement: CreateDatabase): string {
  return joined(
    `CREATE DATABASE ${name(statement.name)}`,
    clause("WITH", statement.retentionPolicy, printFirstPolicy),
  );
}

function printFirstPolicy({
  duration,
  replication,
  shardDuration,
  name: policy,
}: FirstRetentionPolicy): string {
  return joined(
    clause("DURATION", duration, formatDuration),
    clause("REPLICATION", replication),
    clause("SHARD DURATION", shardDuration, formatDuration),
    clause("NAME", policy, name),
  );
}

function printPolicy(
  verb: "CREATE" | "ALTER",
  statement: CreateRetentionPolicy | AlterRetentionPolicy,
): string {
  return joined(
    `${verb} RETENTION POLICY ${name(statement.name)} ON ${name(statement.database)}`,
    clause("DURATION", statement.duration, formatDuration),
    clause("REPLICATION", statement.replication),
    clause("SHARD DURATION", statement.shardDuration, formatDuration),
    statement.isDefault ? "DEFAULT" : undefined,
  );
}

function printContinuousQuery(statement: CreateContinuousQuery): string {
  const every = clause("EVERY", statement.resampleEvery, formatDuration);
  const until = clause("FOR", statement.resampleFor, formatDuration);
  return joined(
    `CREATE CONTINUOUS QUERY ${name(statement.name)} ON ${name(statement.database)}`,
    every === undefined && until === undefined ? undefined : "RESAMPLE",
    every,
    until,
    `BEGIN ${printSelect(statement.select)} END`,
  );
}

/** The kinds are named after their keywords. */
const words = (kind: string): string => kind.toUpperCase().replaceAll("-", " ");
