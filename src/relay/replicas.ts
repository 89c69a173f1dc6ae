import type { Config, OutputConfig } from "../config/config.ts";
import { replicaSets } from "../shard/sets.ts";
import { nameOf, signatureOf } from "./names.ts";

/** A backend of a config. */
export interface NamedOutput {
  /** With the name that the backend has everywhere. */
  readonly output: OutputConfig;
  /** Those that hold the same data as it, each as a listener and the number of its shard. */
  readonly sets: ReadonlySet<string>;
}

/** All backends of a config by their names. */
export function namedOutputs({ http }: Config): Map<string, NamedOutput> {
  const taken = new Map<string, string>();
  const found = new Map<string, NamedOutput & { readonly sets: Set<string> }>();
  for (const listener of http) {
    for (const [shard, outputs] of replicaSets(listener, listener.outputs).entries()) {
      for (const output of outputs) {
        const name = nameOf(output, listener, taken);
        taken.set(name, signatureOf(output));
        const backend = found.get(name) ?? { output: { ...output, name }, sets: new Set() };
        backend.sets.add(JSON.stringify([listener.name, shard]));
        found.set(name, backend);
      }
    }
  }
  return found;
}
