import type { Value } from "../../../src/query/sharded/value.ts";

type Packable = Value | readonly Packable[] | ReadonlyMap<string, Packable>;

/** MessagePack as InfluxDB sends it, in its longest forms. */
export function pack(value: Packable): Uint8Array {
  const bytes: number[] = [];
  write(value, bytes);
  return new Uint8Array(bytes);
}

function write(value: Packable, out: number[]): void {
  if (value === null) out.push(0xc0);
  else if (typeof value === "boolean") out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "bigint") out.push(0xd3, ...eight((view) => view.setBigInt64(0, value)));
  else if (typeof value === "number") out.push(0xcb, ...eight((view) => view.setFloat64(0, value)));
  else if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    out.push(0xda, text.length >> 8, text.length & 255, ...text);
  } else if (value instanceof Map) {
    out.push(0xde, value.size >> 8, value.size & 255);
    for (const [key, item] of value) {
      write(key, out);
      write(item, out);
    }
  } else {
    const items = value as readonly Packable[];
    out.push(0xdc, items.length >> 8, items.length & 255);
    for (const item of items) write(item, out);
  }
}

function eight(set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(8);
  set(new DataView(bytes.buffer));
  return bytes;
}

export interface PackedSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly Value[])[];
}

/** One chunk of an answer. */
export function packAnswer(series: readonly PackedSeries[]): Uint8Array {
  const packed = series.map(({ name, tags, columns, values }) => {
    const entries: [string, Packable][] = [["name", name]];
    if (tags !== undefined) entries.push(["tags", new Map(Object.entries(tags))]);
    entries.push(["columns", columns], ["values", values]);
    return new Map(entries);
  });
  return pack(
    new Map<string, Packable>([
      [
        "results",
        [
          new Map<string, Packable>([
            ["statement_id", 0n],
            ["series", packed],
          ]),
        ],
      ],
    ]),
  );
}
