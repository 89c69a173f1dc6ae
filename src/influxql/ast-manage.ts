import type { Expression } from "./ast-expression.ts";
import type { MeasurementSource, Select } from "./ast-select.ts";

/** Statements that change what is stored or who may read it. Durations are nanoseconds, 0 is for ever. */
export type Manage =
  | CreateDatabase
  | CreateRetentionPolicy
  | AlterRetentionPolicy
  | CreateContinuousQuery
  | CreateSubscription
  | CreateUser
  | DropNamed
  | DropOnDatabase
  | DropSubscription
  | DropShard
  | DeleteSeries
  | Grant
  | Revoke
  | AdminPrivilege
  | SetPassword
  | KillQuery;

export interface CreateDatabase {
  readonly kind: "create-database";
  readonly name: string;
  /** Of `WITH`. */
  readonly retentionPolicy: FirstRetentionPolicy | undefined;
}

/** At least one of them. An empty name is none for influxd. */
export interface FirstRetentionPolicy {
  readonly duration: bigint | undefined;
  readonly replication: number | undefined;
  readonly shardDuration: bigint | undefined;
  readonly name: string | undefined;
}

export interface CreateRetentionPolicy {
  readonly kind: "create-retention-policy";
  readonly name: string;
  readonly database: string;
  readonly duration: bigint;
  readonly replication: number;
  readonly shardDuration: bigint | undefined;
  readonly isDefault: boolean;
}

export interface AlterRetentionPolicy {
  readonly kind: "alter-retention-policy";
  readonly name: string;
  readonly database: string;
  readonly duration: bigint | undefined;
  readonly replication: number | undefined;
  readonly shardDuration: bigint | undefined;
  readonly isDefault: boolean;
}

export interface CreateContinuousQuery {
  readonly kind: "create-continuous-query";
  readonly name: string;
  readonly database: string;
  readonly resampleEvery: bigint | undefined;
  readonly resampleFor: bigint | undefined;
  /** Always with `into`. */
  readonly select: Select;
}

export interface CreateSubscription {
  readonly kind: "create-subscription";
  readonly name: string;
  readonly database: string;
  readonly retentionPolicy: string;
  readonly mode: "ALL" | "ANY";
  readonly destinations: readonly string[];
}

export interface CreateUser {
  readonly kind: "create-user";
  readonly name: string;
  readonly password: string;
  readonly admin: boolean;
}

export interface DropNamed {
  readonly kind: "drop-database" | "drop-measurement" | "drop-user";
  readonly name: string;
}

export interface DropOnDatabase {
  readonly kind: "drop-retention-policy" | "drop-continuous-query";
  readonly name: string;
  readonly database: string;
}

export interface DropSubscription {
  readonly kind: "drop-subscription";
  readonly name: string;
  readonly database: string;
  readonly retentionPolicy: string;
}

export interface DropShard {
  readonly kind: "drop-shard";
  /** A uint64. */
  readonly id: bigint;
}

/** Has `from` or `where` or both. */
export interface DeleteSeries {
  readonly kind: "delete" | "drop-series";
  /** Empty without `FROM`. */
  readonly from: readonly MeasurementSource[];
  readonly where: Expression | undefined;
}

export type Privilege = "READ" | "WRITE" | "ALL";

export interface Grant {
  readonly kind: "grant";
  readonly privilege: Privilege;
  readonly database: string;
  readonly user: string;
}

export interface Revoke {
  readonly kind: "revoke";
  readonly privilege: Privilege;
  readonly database: string;
  readonly user: string;
}

/** `GRANT ALL TO` and `REVOKE ALL FROM`. */
export interface AdminPrivilege {
  readonly kind: "grant-admin" | "revoke-admin";
  readonly user: string;
}

export interface SetPassword {
  readonly kind: "set-password";
  readonly user: string;
  readonly password: string;
}

export interface KillQuery {
  readonly kind: "kill-query";
  /** A uint64. */
  readonly id: bigint;
  readonly host: string | undefined;
}
