import type { Expression, IntegerLiteral, NumberLiteral } from "./ast-expression.ts";

export interface Select {
  readonly kind: "select";
  readonly fields: readonly Field[];
  readonly into: Target | undefined;
  /** At least one. */
  readonly from: readonly Source[];
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  /** influxd takes none for `null`. */
  readonly fill: Fill | undefined;
  readonly order: Order | undefined;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly seriesLimit: number | undefined;
  readonly seriesOffset: number | undefined;
  /** Of `tz('Europe/Berlin')`; not checked. */
  readonly timeZone: string | undefined;
}

export interface Field {
  readonly expression: Expression;
  readonly alias: string | undefined;
}

/** Of time, the only order that there is. */
export type Order = "asc" | "desc";

export type Fill =
  | { readonly kind: "null" | "none" | "previous" | "linear" }
  | { readonly kind: "value"; readonly value: IntegerLiteral | NumberLiteral };

/** Where `SELECT … INTO` writes. */
export interface Target {
  readonly database: string | undefined;
  readonly retentionPolicy: string | undefined;
  /** Undefined for `:MEASUREMENT`, each source's own name. */
  readonly name: string | undefined;
}

export type Source = MeasurementSource | Subquery;
export type MeasurementSource = Measurement | MeasurementRegex;

export interface Measurement {
  readonly kind: "measurement";
  readonly database: string | undefined;
  readonly retentionPolicy: string | undefined;
  readonly name: string;
}

export interface MeasurementRegex {
  readonly kind: "measurement-regex";
  readonly database: string | undefined;
  readonly retentionPolicy: string | undefined;
  readonly pattern: string;
}

export interface Subquery {
  readonly kind: "subquery";
  readonly select: Select;
}
