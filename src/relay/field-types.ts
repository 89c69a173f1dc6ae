import * as v from "valibot";

/** The types of the fields of one database: by measurement, by field, each type that one of its time shards has. */
export type FieldTypes = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** A field that replicas store with different types: each refuses the other's points. */
export interface FieldConflict {
  readonly db: string;
  readonly measurement: string;
  readonly field: string;
  /** By backend. */
  readonly types: Readonly<Record<string, readonly string[]>>;
}

/** `{"results":[{"series":[{"name":...,"values":[[...]]}]}]}`, as InfluxDB answers a SHOW statement; no series, or one without values, if there is nothing. */
const answerSchema = v.object({
  results: v.tuple([
    v.object({
      error: v.optional(v.undefined()),
      series: v.optional(
        v.array(
          v.object({
            // SHOW RETENTION POLICIES has none.
            name: v.optional(v.string()),
            columns: v.array(v.string()),
            values: v.optional(v.array(v.array(v.unknown())), []),
          }),
        ),
        [],
      ),
    }),
  ]),
});

/** The names that SHOW DATABASES gives; undefined for an error, or what is no such answer. */
export function databasesIn(body: Uint8Array): string[] | undefined {
  return namedSeriesIn(body)?.flatMap(({ values }) => values.map(([name]) => String(name)));
}

/** What SHOW FIELD KEYS gives, which names a field once for each type; undefined as above. */
export function fieldTypesIn(body: Uint8Array): FieldTypes | undefined {
  const series = namedSeriesIn(body);
  return (
    series &&
    new Map(
      series.map(({ name, values }) => {
        const fields = new Map<string, string[]>();
        for (const [field, type] of values) {
          fields.set(String(field), [...(fields.get(String(field)) ?? []), String(type)].sort());
        }
        return [name, fields];
      }),
    )
  );
}

/** The fields that several replicas have, but not with the same types. */
export function conflictsIn(db: string, byBackend: ReadonlyMap<string, FieldTypes>): FieldConflict[] {
  const measurements = new Set([...byBackend.values()].flatMap((types) => [...types.keys()]));
  return [...measurements].flatMap((measurement) => {
    const fields = new Set(
      [...byBackend.values()].flatMap((types) => [...(types.get(measurement)?.keys() ?? [])]),
    );
    return [...fields].flatMap((field) => {
      const known = [...byBackend].flatMap(([backend, types]) => {
        const found = types.get(measurement)?.get(field);
        return found === undefined ? [] : [[backend, found] as const];
      });
      const isOne = new Set(known.map(([, types]) => types.join())).size <= 1;
      return isOne ? [] : [{ db, measurement, field, types: Object.fromEntries(known) }];
    });
  });
}

/** The series of the answer to a statement that shows something; undefined for an error, or what is no such answer. */
export function seriesIn(body: Uint8Array) {
  try {
    return v.parse(answerSchema, JSON.parse(new TextDecoder().decode(body))).results[0].series;
  } catch {
    // An error of InfluxDB, an answer that was cut off because it is too long, or one of somebody else.
    return undefined;
  }
}

/** The same, where each must have a name. */
function namedSeriesIn(body: Uint8Array) {
  const series = seriesIn(body)?.map(({ name, values }) =>
    name === undefined ? undefined : { name, values },
  );
  return series?.every((each) => each !== undefined) ? series : undefined;
}
