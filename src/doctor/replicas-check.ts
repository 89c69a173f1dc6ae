import { typesText } from "../observe/text.ts";
import { conflictsIn, type FieldTypes } from "../relay/field-types.ts";
import { type Finding, some } from "./finding.ts";
import type { Examined } from "./server-check.ts";

/** Compares servers that should have the same data, as far as each of them told. */
export function compareReplicas(servers: readonly Examined[]): Finding[] {
  const known = servers.filter(({ databases }) => databases !== undefined);
  if (known.length < 2) return [];
  const subject = known.map(({ name }) => name).join(", ");
  const found = [...versions(known, subject), ...schemas(known, subject), ...fields(known, subject)];
  const checks = ["schema", "fields"] as const;
  const words = { schema: "the same databases and retention policies", fields: "the same types of fields" };
  const fine = checks.filter((check) => found.every((finding) => finding.check !== check));
  return [
    ...found,
    ...fine.map((check) => ({ level: "ok", subject, check, message: words[check] }) as const),
  ];
}

function versions(servers: readonly Examined[], subject: string): Finding[] {
  const different = new Set(servers.map(({ version }) => version));
  if (different.size < 2) return [];
  const message = servers.map(({ name, version }) => `${name} ${version ?? "unknown"}`).join(", ");
  const fix = "run the same version on all replicas: another one may answer queries in another way";
  return [{ level: "warning", subject, check: "version", message: `different versions: ${message}`, fix }];
}

function schemas(servers: readonly Examined[], subject: string): Finding[] {
  const databases = new Set(servers.flatMap((server) => [...(server.databases?.keys() ?? [])]));
  const found: string[] = [];
  for (const db of databases) {
    const lacking = servers.filter((server) => !server.databases?.has(db)).map(({ name }) => name);
    if (lacking.length > 0) found.push(`${lacking.join(", ")} lacks database ${JSON.stringify(db)}`);
    const policies = servers.flatMap(({ databases: theirs }) => theirs?.get(db)?.policies.join("; ") ?? []);
    if (new Set(policies).size > 1)
      found.push(`other retention policies of ${JSON.stringify(db)}: ${policies.join(" | ")}`);
  }
  if (found.length === 0) return [];
  const fix =
    "influxdb-relay recover --backend NAME makes what is missing; change policies with ALTER RETENTION POLICY through the relay";
  return [{ level: "problem", subject, check: "schema", message: some(found), fix }];
}

function fields(servers: readonly Examined[], subject: string): Finding[] {
  const databases = new Set(servers.flatMap((server) => [...(server.databases?.keys() ?? [])]));
  const found = [...databases].flatMap((db) => {
    const byBackend = new Map<string, FieldTypes>();
    for (const { name, databases: theirs } of servers) {
      const types = theirs?.get(db)?.fields;
      if (types !== undefined) byBackend.set(name, types);
    }
    return conflictsIn(db, byBackend).map(({ measurement, field, types }) => {
      return `${JSON.stringify(db)} ${JSON.stringify(measurement)} ${JSON.stringify(field)} (${typesText(types)})`;
    });
  });
  if (found.length === 0) return [];
  const fix =
    "each refuses points that the other takes: drop the measurement on the server whose type is wrong, and recover it";
  return [
    { level: "problem", subject, check: "fields", message: `fields of different types: ${some(found)}`, fix },
  ];
}
