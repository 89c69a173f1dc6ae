import type { Statement } from "./ast.ts";
import type {
  AlterRetentionPolicy,
  CreateDatabase,
  CreateRetentionPolicy,
  CreateSubscription,
  CreateUser,
  FirstRetentionPolicy,
} from "./ast-manage.ts";
import { parseCreateContinuousQuery } from "./parse-continuous-query.ts";
import type { TokenReader } from "./token-reader.ts";

/** From behind CREATE on. */
export function parseCreate(reader: TokenReader): Statement {
  if (reader.accept("CONTINUOUS")) {
    reader.expect("QUERY");
    return parseCreateContinuousQuery(reader);
  }
  if (reader.accept("DATABASE")) return parseCreateDatabase(reader);
  if (reader.accept("USER")) return parseCreateUser(reader);
  if (reader.accept("RETENTION")) {
    reader.expect("POLICY");
    return parseCreateRetentionPolicy(reader);
  }
  if (reader.accept("SUBSCRIPTION")) return parseCreateSubscription(reader);
  return reader.unexpected("CONTINUOUS", "DATABASE", "USER", "RETENTION", "SUBSCRIPTION");
}

function parseCreateDatabase(reader: TokenReader): CreateDatabase {
  const name = reader.identifier();
  const retentionPolicy = reader.accept("WITH") ? parseFirstPolicy(reader) : undefined;
  return { kind: "create-database", name, retentionPolicy };
}

function parseFirstPolicy(reader: TokenReader): FirstRetentionPolicy {
  const options = ["DURATION", "NAME", "REPLICATION", "SHARD"];
  if (!options.includes(reader.type)) reader.unexpected(...options);
  return {
    duration: reader.accept("DURATION") ? reader.duration() : undefined,
    replication: reader.accept("REPLICATION") ? reader.replication() : undefined,
    shardDuration: parseFirstShardDuration(reader),
    name: reader.accept("NAME") ? reader.identifier() : undefined,
  };
}

/** Here influxd takes INF. */
function parseFirstShardDuration(reader: TokenReader): bigint | undefined {
  if (!reader.accept("SHARD")) return undefined;
  reader.expect("DURATION");
  return reader.duration();
}

function parseCreateRetentionPolicy(reader: TokenReader): CreateRetentionPolicy {
  const name = reader.identifier();
  reader.expect("ON");
  const database = reader.identifier();
  reader.expect("DURATION");
  const duration = reader.duration();
  reader.expect("REPLICATION");
  return {
    kind: "create-retention-policy",
    name,
    database,
    duration,
    replication: reader.replication(),
    shardDuration: reader.accept("SHARD") ? parseShardDuration(reader) || undefined : undefined,
    isDefault: reader.accept("DEFAULT"),
  };
}

/** From behind SHARD on. */
function parseShardDuration(reader: TokenReader): bigint {
  reader.expect("DURATION");
  if (reader.type === "INF") reader.failHere("invalid duration INF for shard duration");
  return reader.duration();
}

/** From behind ALTER on. The options come in any order. */
export function parseAlter(reader: TokenReader): AlterRetentionPolicy {
  reader.expect("RETENTION", "POLICY");
  const name = reader.accept("DEFAULT") ? "default" : reader.identifier();
  reader.expect("ON");
  const database = reader.identifier();
  const found = new Set<string>();
  let duration: bigint | undefined;
  let replication: number | undefined;
  let shardDuration: bigint | undefined;
  for (;;) {
    const { type } = reader;
    if (found.has(type)) reader.failHere(`found duplicate ${type} option`);
    found.add(type);
    if (reader.accept("DURATION")) duration = reader.duration();
    else if (reader.accept("REPLICATION")) replication = reader.replication();
    else if (reader.accept("SHARD")) shardDuration = parseShardDuration(reader);
    else if (!reader.accept("DEFAULT")) break;
  }
  if (found.size === 1) reader.unexpected("DURATION", "REPLICATION", "SHARD", "DEFAULT");
  const isDefault = found.has("DEFAULT");
  return { kind: "alter-retention-policy", name, database, duration, replication, shardDuration, isDefault };
}

function parseCreateUser(reader: TokenReader): CreateUser {
  const name = reader.identifier();
  reader.expect("WITH", "PASSWORD");
  const password = reader.string();
  const admin = reader.accept("WITH");
  if (admin) reader.expect("ALL", "PRIVILEGES");
  return { kind: "create-user", name, password, admin };
}

function parseCreateSubscription(reader: TokenReader): CreateSubscription {
  const name = reader.identifier();
  reader.expect("ON");
  const database = reader.identifier();
  reader.expectAdjacent(".");
  const retentionPolicy = reader.identifier();
  reader.expect("DESTINATIONS");
  const mode = reader.accept("ALL") ? "ALL" : reader.accept("ANY") ? "ANY" : reader.unexpected("ALL", "ANY");
  const destinations = reader.strings();
  return { kind: "create-subscription", name, database, retentionPolicy, mode, destinations };
}
