import { seriesIn } from "../relay/field-types.ts";

/** What a database's policies are, in the order of their names; undefined for an error, or what is no such answer. */
export function policiesIn(body: Uint8Array): string[] | undefined {
  const columns = ["name", "duration", "shardGroupDuration", "replicaN", "default"];
  return rowsIn(body, columns)
    ?.map(([name, duration, shard, replicas, isDefault]) => {
      const marks = isDefault === true ? ", default" : "";
      return `${name} (${duration}, time shards of ${shard}, replication ${replicas}${marks})`;
    })
    .sort();
}

/** The server's clock in milliseconds since 1970, as SHOW DIAGNOSTICS tells an admin; undefined as above. */
export function clockIn(body: Uint8Array): number | undefined {
  const [row] = rowsIn(body, ["currentTime"], "system") ?? [];
  const ms = Date.parse(String(row?.[0]));
  return Number.isNaN(ms) ? undefined : ms;
}

function rowsIn(body: Uint8Array, columns: readonly string[], series?: string): unknown[][] | undefined {
  return seriesIn(body)
    ?.filter(({ name }) => series === undefined || name === series)
    .flatMap(({ columns: found, values }) =>
      values.map((row) => columns.map((column) => row[found.indexOf(column)])),
    );
}
