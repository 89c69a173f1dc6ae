import type { HttpListenerConfig, OutputConfig } from "./config.ts";

/** What outputs of `kind = "v2"` do not give. */
export function v2Warnings({ outputs, auth }: HttpListenerConfig, listener: string): string[] {
  const found = outputs.flatMap((output) => outputWarnings(output, listener, auth.length > 0));
  if (outputs.every(({ v2 }) => v2 !== undefined))
    found.push(`${listener}: every output is of kind "v2": /query and remote write are refused`);
  else if (found.length > 0)
    found.push(`${listener}: with an output of kind "v2" Prometheus's remote write is refused`);
  return found;
}

function outputWarnings(
  { name, v2, authorization }: OutputConfig,
  listener: string,
  auth: boolean,
): string[] {
  if (v2 === undefined) return [];
  const where = `${listener}, output ${JSON.stringify(name)}`;
  const found = [
    `${where}: kind "v2": it gets no queries, statements such as CREATE, DROP and DELETE are not executed there, and ` +
      "it is neither compared with its replicas nor repaired",
  ];
  if (!v2.bucket.includes("{db}"))
    found.push(
      `${where}: bucket = ${JSON.stringify(v2.bucket)}: the points of all databases go into one bucket, and series of one name become one`,
    );
  if (authorization === undefined) {
    const who = auth ? "writes go there without credentials" : "clients need a token that it knows";
    found.push(`${where}: no token: ${who}`);
  }
  return found;
}
