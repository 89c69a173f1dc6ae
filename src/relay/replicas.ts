import type { Config, HttpListenerConfig, OutputConfig } from "../config/config.ts";
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
        backend.sets.add(setOf(listener, shard));
        found.set(name, backend);
      }
    }
  }
  return found;
}

/** The sets of replicas of a listener, of outputs with the names that their backends have everywhere. */
export function namedSets(config: Config, listener: HttpListenerConfig): OutputConfig[][] {
  const backends = [...namedOutputs(config).values()];
  return replicaSets(listener, listener.outputs).map((_, shard) =>
    backends.filter(({ sets }) => sets.has(setOf(listener, shard))).map(({ output }) => output),
  );
}

const setOf = ({ name }: HttpListenerConfig, shard: number): string => JSON.stringify([name, shard]);
