/**
 * Expressions of InfluxQL. As in influxd there is no unary minus: `-5` is the integer -5, `-x` is `-1 * x` and
 * `+x` is `1 * x`.
 */
export type Expression =
  | Binary
  | Paren
  | Call
  | Reference
  | Wildcard
  | Distinct
  | StringLiteral
  | NumberLiteral
  | IntegerLiteral
  | UnsignedLiteral
  | BooleanLiteral
  | DurationLiteral
  | RegexLiteral;

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^";
export type ComparisonOperator = "=" | "!=" | "=~" | "!~" | "<" | "<=" | ">" | ">=";
export type LogicalOperator = "AND" | "OR";
/** `<>` is read as `!=`. */
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator;

/** `a OR b OR c` is a `Binary` in the `left` of another: as deep as the text is long. Recurse into `right` only. */
export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Paren {
  readonly kind: "paren";
  readonly expression: Expression;
}

export interface Call {
  readonly kind: "call";
  /** In lower case. */
  readonly name: string;
  readonly args: readonly Expression[];
}

export type CastType = "float" | "integer" | "unsigned" | "string" | "boolean" | "field" | "tag";

/** A field, a tag or `time`. */
export interface Reference {
  readonly kind: "reference";
  /** `a.b` and `"a.b"` are the same. */
  readonly name: string;
  readonly type: CastType | undefined;
}

export interface Wildcard {
  readonly kind: "wildcard";
  readonly type: "field" | "tag" | undefined;
}

/** `DISTINCT name`, which influxd runs as the call `distinct(name)`. */
export interface Distinct {
  readonly kind: "distinct";
  readonly name: string;
}

/** Also a time: that a string is one shows in what it is compared with. */
export interface StringLiteral {
  readonly kind: "string";
  readonly value: string;
}

/** Written with a fraction, also if that is zero. */
export interface NumberLiteral {
  readonly kind: "number";
  readonly value: number;
}

/** An int64. */
export interface IntegerLiteral {
  readonly kind: "integer";
  readonly value: bigint;
}

/** From 2^63 to 2^64 - 1. */
export interface UnsignedLiteral {
  readonly kind: "unsigned";
  readonly value: bigint;
}

export interface BooleanLiteral {
  readonly kind: "boolean";
  readonly value: boolean;
}

export interface DurationLiteral {
  readonly kind: "duration";
  readonly nanoseconds: bigint;
}

/** Of Go's syntax (RE2), which is not checked. */
export interface RegexLiteral {
  readonly kind: "regex";
  readonly pattern: string;
}
