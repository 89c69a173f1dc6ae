import { quoteIdentifier } from "../influxql/quote.ts";
import type { Server } from "./server.ts";

/** Measurement -> field -> its types. A field may have several, in several time shards. */
export type FieldTypes = Map<string, Map<string, string>>;

/**
 * Of the default policy, the only one that InfluxDB tells of unless it is asked for measurements by name. That it answers
 * in a time that grows with the square of their number: 200 in 30 time shards took it 260 s.
 * `from` is one with its policy.
 */
export async function fieldTypes(
  server: Server,
  db: string,
  from: string | undefined,
  signal: AbortSignal,
): Promise<FieldTypes> {
  const found: FieldTypes = new Map();
  const clause = from === undefined ? "" : ` FROM ${from}`;
  for (const { name, rows } of await server.table(
    `SHOW FIELD KEYS ON ${quoteIdentifier(db)}${clause}`,
    signal,
  )) {
    const types = found.get(name) ?? new Map<string, string>();
    found.set(name, types);
    for (const [field, type] of rows) {
      const known = types.get(String(field));
      types.set(String(field), [...(known?.split(" ") ?? []), String(type)].sort().join(" "));
    }
  }
  return found;
}
