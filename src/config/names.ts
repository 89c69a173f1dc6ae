import { type Finding, formatKeys, type Keys } from "./problems.ts";
import type { Facts } from "./sound.ts";

/** The name of a listener: its own, or one from its place in the file. */
export function listenerName(kind: "http" | "udp", index: number, name: string | undefined): string {
  return name ?? `${kind}-${index + 1}`;
}

/** A name and where it stands; the name is undefined where it cannot be told. */
export interface Named {
  readonly keys: Keys;
  readonly name: string | undefined;
}

/** The names of a listener's outputs; `place` is what an output without one is called. */
export function outputNames<TLocation>(
  outputs: readonly (
    | { readonly name?: string | undefined; readonly location?: TLocation | undefined }
    | undefined
  )[],
  listener: Keys,
  facts: Facts,
  place: (location: TLocation) => string,
): Named[] {
  return outputs.map((output, index) => {
    const keys = [...listener, "output", index, "name"];
    if (output === undefined || facts.wrong(keys)) return { keys, name: undefined };
    return { keys, name: output.name ?? (output.location && place(output.location)) };
  });
}

/** A finding for each name that an earlier one has already. */
export function repeatedNames(all: readonly Named[], among: string): Finding[] {
  const owners = new Map<string, Keys>();
  return all.flatMap(({ keys, name }) => {
    if (name === undefined) return [];
    const owner = owners.get(name);
    if (owner === undefined) {
      owners.set(name, keys.slice(0, -1));
      return [];
    }
    const message = `must be unique among ${among}, but ${formatKeys(owner)} has the same name`;
    return [{ keys, message, withValue: true }];
  });
}
