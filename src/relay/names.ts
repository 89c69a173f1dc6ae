import type { HttpListenerConfig, OutputConfig } from "../config/config.ts";
import { Secret } from "../config/secret.ts";

/**
 * The name of the backend of an output. Outputs that are alike in every option, in this or another listener, are one
 * backend with one order; an output that only shares its name with another one gets a longer name.
 */
export function nameOf(
  output: OutputConfig,
  http: HttpListenerConfig,
  taken: ReadonlyMap<string, string>,
): string {
  const other = taken.get(output.name);
  return other === undefined || other === signatureOf(output) ? output.name : `${http.name}.${output.name}`;
}

/** Equal for outputs that are alike in every option, secrets included. It is a secret itself. */
export function signatureOf(output: OutputConfig): string {
  return JSON.stringify(
    Object.entries(output).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]),
  );
}
