import type { Expression } from "./ast-expression.ts";
import type { MeasurementSource, Order } from "./ast-select.ts";

export type Show =
  | ShowPlain
  | ShowModule
  | ShowGrants
  | ShowRetentionPolicies
  | ShowMeasurements
  | ShowSeries
  | ShowFieldKeys
  | ShowTagKeys
  | ShowTagValues
  | ShowCardinality;

export interface ShowPlain {
  readonly kind:
    | "show-continuous-queries"
    | "show-databases"
    | "show-queries"
    | "show-shard-groups"
    | "show-shards"
    | "show-subscriptions"
    | "show-users";
}

export interface ShowModule {
  readonly kind: "show-stats" | "show-diagnostics";
  readonly module: string | undefined;
}

export interface ShowGrants {
  readonly kind: "show-grants";
  readonly user: string;
}

/** What most of these statements share. */
interface Page {
  readonly order: Order | undefined;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}

interface OnDatabase {
  /** Of `ON`; the request's own if undefined. */
  readonly database: string | undefined;
}

interface OfSeries extends OnDatabase {
  /** Empty without `FROM`. */
  readonly from: readonly MeasurementSource[];
}

export interface ShowRetentionPolicies extends OnDatabase {
  readonly kind: "show-retention-policies";
}

export interface ShowMeasurements extends OnDatabase, Page {
  readonly kind: "show-measurements";
  /** Of `WITH MEASUREMENT =` or `=~`. */
  readonly measurement: MeasurementSource | undefined;
  readonly where: Expression | undefined;
}

export interface ShowSeries extends OfSeries, Page {
  readonly kind: "show-series";
  readonly where: Expression | undefined;
}

export interface ShowFieldKeys extends OfSeries, Page {
  readonly kind: "show-field-keys";
}

export interface ShowTagKeys extends OfSeries, Page {
  readonly kind: "show-tag-keys";
  /** Only InfluxDB 1.8 has it in this statement. */
  readonly withKey: KeyCondition | undefined;
  readonly where: Expression | undefined;
  readonly seriesLimit: number | undefined;
  readonly seriesOffset: number | undefined;
}

export interface ShowTagValues extends OfSeries, Page {
  readonly kind: "show-tag-values";
  readonly withKey: KeyCondition;
  readonly where: Expression | undefined;
}

export interface ShowCardinality extends OfSeries {
  readonly kind: "show-cardinality";
  readonly of: "measurement" | "series" | "field-key" | "tag-key" | "tag-values";
  readonly exact: boolean;
  /** Of tag values, and there always. */
  readonly withKey: KeyCondition | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}

/** Of `WITH KEY`. */
export type KeyCondition =
  | { readonly kind: "="; readonly key: string }
  | { readonly kind: "!="; readonly key: string }
  | { readonly kind: "=~"; readonly pattern: string }
  | { readonly kind: "!~"; readonly pattern: string }
  | { readonly kind: "in"; readonly keys: readonly string[] };
