/** A field's value as text: numbers as InfluxDB printed them, strings and booleans as they are. */
export interface CanonicalField {
  readonly name: string;
  readonly type: "float" | "integer" | "string" | "boolean";
  readonly text: string;
}

/**
 * One point as one line of line protocol, tags and fields sorted: two servers hold the same data if their sorted
 * lines are equal, and a test that fails shows what differs.
 */
export function canonicalLine(
  measurement: string,
  tags: Iterable<readonly [string, string]>,
  fields: Iterable<CanonicalField>,
  timeNs: bigint | string,
): string {
  const key = [
    measurement.replace(/[ ,]/g, "\\$&"),
    ...[...tags]
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
      .sort(),
  ];
  const values = [...fields].map((field) => `${escaped(field.name)}=${fieldText(field)}`).sort();
  return `${key.join(",")} ${values.join(",")} ${timeNs}`;
}

const escaped = (text: string) => text.replace(/[ ,=]/g, "\\$&");

function fieldText({ type, text }: CanonicalField): string {
  if (type === "integer") return `${text}i`;
  return type === "string" ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}
