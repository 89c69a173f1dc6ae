import type { CastType } from "../../influxql/ast-expression.ts";
import { parseStatement } from "../../influxql/parse.ts";
import { compareText } from "./value.ts";

/** The types of a field, the one that InfluxDB prefers first where there are several. */
const PREFERRED: readonly CastType[] = ["float", "integer", "unsigned", "string", "boolean"];

/** The fields and tags of measurements, as their `*` means them. */
export class FieldSet {
  readonly #fields = new Map<string, CastType>();
  readonly #tags = new Set<string>();

  /**
   * Adds what a server tells in an answer to `EXPLAIN SELECT *`: the columns that the query reads, with their types, of
   * just the time shards that it reads.
   */
  addPlan(line: string): void {
    if (!line.startsWith(AUXILIARY)) return;
    const statement = parseStatement(`SELECT ${line.slice(AUXILIARY.length)} FROM m`);
    if (statement.kind !== "select") return;
    for (const { expression } of statement.fields) {
      if (expression.kind === "reference") this.#add(expression.name, expression.type);
    }
  }

  /** Sorted by name, a field before a tag that has its name. */
  fields(): readonly (readonly [name: string, type: CastType])[] {
    return [...this.#fields].sort(([a], [b]) => compareText(a, b));
  }

  tags(): readonly string[] {
    return [...this.#tags].sort(compareText);
  }

  #add(name: string, type: CastType | undefined): void {
    if (type === "tag") this.#tags.add(name);
    else if (type !== undefined) {
      const known = this.#fields.get(name);
      if (known === undefined || PREFERRED.indexOf(type) < PREFERRED.indexOf(known))
        this.#fields.set(name, type);
    }
  }
}

const AUXILIARY = "AUXILIARY FIELDS: ";
