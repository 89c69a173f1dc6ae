import type { Point } from "../write/points.ts";

export type Fields = Point["fields"];
export type FieldType = NonNullable<ReturnType<Fields["get"]>>["type"];

/** The points of one measurement and tag set. */
export interface Series {
  /** Sorted by key. */
  readonly tags: readonly (readonly [string, string])[];
  /** Timestamp in nanoseconds -> fields. */
  readonly points: Map<bigint, Fields>;
}

interface Measurement {
  readonly fieldTypes: Map<string, FieldType>;
  /** By the JSON text of the tags. */
  readonly series: Map<string, Series>;
}

/** What a server did not store of a write that it took: how many points, and why the first of them. */
export interface Dropped {
  readonly points: number;
  readonly reason: string;
}

/** The server would hold more points than it may. Nothing of the write was stored. */
export class StoreFull extends Error {}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0;

/** Databases, each with one retention policy, and their points, in memory. Later fields win, as in InfluxDB. */
export class PointStore {
  readonly #databases = new Map<string, Map<string, Measurement>>();
  readonly #maxPoints: number;
  #points = 0;

  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
  }

  /** In order of creation, as InfluxDB lists them. */
  get databases(): readonly string[] {
    return [...this.#databases.keys()];
  }

  has(db: string): boolean {
    return this.#databases.has(db);
  }

  /** Does nothing if it exists, as InfluxDB. */
  createDatabase(db: string): void {
    if (!this.has(db)) this.#databases.set(db, new Map());
  }

  /** Sorted by name. */
  measurements(db: string): readonly string[] {
    return [...(this.#databases.get(db)?.keys() ?? [])].sort();
  }

  /** Name -> type, sorted by name. */
  fieldTypes(db: string, measurement: string): ReadonlyMap<string, FieldType> {
    const known = this.#databases.get(db)?.get(measurement)?.fieldTypes;
    return new Map([...(known ?? [])].sort(byKey));
  }

  /** Sorted by tag set. */
  series(db: string, measurement: string): readonly Series[] {
    const known = this.#databases.get(db)?.get(measurement)?.series ?? new Map<string, Series>();
    return [...known].sort(byKey).map(([, series]) => series);
  }

  /**
   * Stores what it can of `points`.
   * @throws {StoreFull} when they might not fit: an overwritten point counts like a new one.
   */
  add(db: string, points: readonly Point[]): Dropped {
    if (this.#points + points.length > this.#maxPoints) throw new StoreFull("demo server is full");
    const measurements = this.#databases.get(db);
    if (measurements === undefined) throw new RangeError(`no database ${db}`);
    let dropped = 0;
    let reason = "";
    for (const point of points) {
      const known = measurements.get(point.measurement);
      const problem = problemOf(point, known?.fieldTypes);
      if (problem !== undefined) {
        dropped++;
        if (reason === "") reason = problem;
        continue;
      }
      const measurement = known ?? { fieldTypes: new Map(), series: new Map() };
      if (known === undefined) measurements.set(point.measurement, measurement);
      if (insert(measurement, point)) this.#points++;
    }
    return { points: dropped, reason };
  }
}

/** Why InfluxDB would drop the point, in its own words; undefined if it would not. */
function problemOf(point: Point, types: ReadonlyMap<string, FieldType> | undefined): string | undefined {
  if (point.tags.some(([key]) => key === "time")) {
    return `invalid tag key: input tag "time" on measurement "${point.measurement}" is invalid`;
  }
  if ([...point.fields.keys()].every((key) => key === "time")) {
    return `invalid field name: input field "time" on measurement "${point.measurement}" is invalid`;
  }
  for (const [name, { type }] of point.fields) {
    const known = types?.get(name);
    if (known !== undefined && known !== type) {
      return `field type conflict: input field "${name}" on measurement "${point.measurement}" is type ${type}, already exists as type ${known}`;
    }
  }
  return undefined;
}

/** True if the point is new, not an overwrite. A field named `time` is ignored, as InfluxDB does. */
function insert(measurement: Measurement, point: Point): boolean {
  const tags = [...point.tags].sort(byKey);
  const key = JSON.stringify(tags);
  let series = measurement.series.get(key);
  if (series === undefined) {
    series = { tags, points: new Map() };
    measurement.series.set(key, series);
  }
  const stored = series.points.get(point.timeNs);
  const fields: Fields = stored ?? new Map();
  for (const [name, value] of point.fields) {
    if (name === "time") continue;
    measurement.fieldTypes.set(name, value.type);
    fields.set(name, value);
  }
  if (stored === undefined) series.points.set(point.timeNs, fields);
  return stored === undefined;
}
