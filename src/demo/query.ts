import { nsPerUnit } from "../write/precision.ts";
import type { Json } from "./json.ts";
import type { Fields, PointStore } from "./store.ts";

/** The statement cannot be read: InfluxDB answers with status 400 and executes nothing, also not the ones before it. */
export class StatementError extends Error {}

/** One statement, ready to run. Its result is InfluxDB's `results` entry without `statement_id`. */
export interface Statement {
  /** True if it changes something, which InfluxDB does not like to see in a GET. */
  readonly changes: boolean;
  readonly text: string;
  run(store: PointStore, db: string, epoch: string): { readonly [key: string]: Json };
}

const IDENTIFIER = String.raw`("(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*)`;
const FORMS: readonly [RegExp, boolean, (name: string) => Statement["run"]][] = [
  [form("SHOW DATABASES"), false, () => showDatabases],
  [form("SHOW MEASUREMENTS"), false, () => showMeasurements],
  [form(`CREATE DATABASE ${IDENTIFIER}`), true, createDatabase],
  [form(String.raw`SELECT \* FROM ${IDENTIFIER}`), false, selectAll],
  [form(String.raw`SELECT count\(\*\) FROM ${IDENTIFIER}`), false, selectCount],
];

function form(words: string): RegExp {
  return new RegExp(`^${words.replaceAll(" ", "\\s+")}$`, "is");
}

/** Reads `q`. @throws {StatementError} if it holds any statement that this server does not know. */
export function parseStatements(q: string): Statement[] {
  const texts = q.match(/(?:[^;"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|["'])+/gs) ?? [];
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => {
      for (const [pattern, changes, run] of FORMS) {
        const found = pattern.exec(text);
        if (found !== null) return { changes, text, run: run(unquote(found[1] ?? "")) };
      }
      throw new StatementError(`the demo server does not know this statement: ${text}`);
    });
}

function unquote(identifier: string): string {
  if (!identifier.startsWith('"')) return identifier;
  return identifier.slice(1, -1).replace(/\\(.)/gs, (_, escaped) => (escaped === "n" ? "\n" : escaped));
}

function showDatabases(store: PointStore): { readonly [key: string]: Json } {
  return {
    series: [{ name: "databases", columns: ["name"], ...values(store.databases.map((name) => [name])) }],
  };
}

function showMeasurements(store: PointStore, db: string): { readonly [key: string]: Json } {
  if (db === "") return { error: "database name required" };
  const names = store.measurements(db);
  if (names.length === 0) return {};
  return { series: [{ name: "measurements", columns: ["name"], ...values(names.map((name) => [name])) }] };
}

function createDatabase(name: string): Statement["run"] {
  return (store) => {
    store.createDatabase(name);
    return {};
  };
}

function selectAll(measurement: string): Statement["run"] {
  return select(measurement, (store, db, epoch) => {
    const fieldNames = [...store.fieldTypes(db, measurement).keys()];
    const series = store.series(db, measurement);
    const tagNames = new Set(series.flatMap(({ tags }) => tags.map(([name]) => name)));
    // InfluxDB sorts tags and fields together; of two with one name the field comes first.
    const columns = [
      ...fieldNames.map((name) => ({ name, shown: name, tag: false })),
      ...[...tagNames].map((name) => ({
        name,
        shown: fieldNames.includes(name) ? `${name}_1` : name,
        tag: true,
      })),
    ].sort((a, b) => (a.shown < b.shown ? -1 : a.shown > b.shown ? 1 : 0));
    const rows = series.flatMap(({ tags, points }) => {
      const tagValues = new Map(tags);
      return [...points].map(([timeNs, fields]) => ({ timeNs, fields, tagValues }));
    });
    rows.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
    return {
      columns: ["time", ...columns.map(({ shown }) => shown)],
      values: rows.map(({ timeNs, fields, tagValues }) => [
        timeValue(timeNs, epoch),
        ...columns.map(({ name, tag }) => (tag ? tagValues.get(name) : fieldValue(fields, name)) ?? null),
      ]),
    };
  });
}

function selectCount(measurement: string): Statement["run"] {
  return select(measurement, (store, db, epoch) => {
    const names = [...store.fieldTypes(db, measurement).keys()];
    const counts = new Map<string, number>();
    for (const { points } of store.series(db, measurement)) {
      for (const fields of points.values()) {
        for (const name of fields.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    return {
      columns: ["time", ...names.map((name) => `count_${name}`)],
      values: [[timeValue(0n, epoch), ...names.map((name) => counts.get(name) ?? 0)]],
    };
  });
}

function select(
  measurement: string,
  table: (store: PointStore, db: string, epoch: string) => { columns: string[]; values: Json[][] },
): Statement["run"] {
  return (store, db, epoch) => {
    if (db === "") return { error: "database name required" };
    if (!store.has(db)) return { error: `database not found: ${db}` };
    if (store.fieldTypes(db, measurement).size === 0) return {};
    return { series: [{ name: measurement, ...table(store, db, epoch) }] };
  };
}

/** InfluxDB leaves the key out when there is no row. */
const values = (rows: Json[][]) => (rows.length === 0 ? {} : { values: rows });

const fieldValue = (fields: Fields, name: string): Json | undefined => fields.get(name)?.value;

/** A time as InfluxDB prints it: an integer if `epoch` is given (nanoseconds for a unit it does not know), else RFC 3339. */
function timeValue(timeNs: bigint, epoch: string): Json {
  if (epoch !== "") return timeNs / nsPerUnit(epoch);
  const fraction = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = new Date(Number((timeNs - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  const digits = fraction.toString().padStart(9, "0").replace(/0+$/, "");
  return digits === "" ? `${seconds}Z` : `${seconds}.${digits}Z`;
}
