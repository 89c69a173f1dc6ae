import type { Address } from "./config.ts";
import type { Location } from "./location.ts";
import type { Keys } from "./problems.ts";
import type { ConfigValues } from "./schema.ts";
import type { Secret } from "./secret.ts";

type Leaf = string | number | boolean | undefined | Secret | Address | Location;

/** `T` where everything that had a problem of its own is absent. */
export type Sound<T> = T extends Leaf
  ? T | undefined
  : T extends readonly (infer Item)[]
    ? readonly (Sound<Item> | undefined)[]
    : { readonly [Key in keyof T]?: Sound<T[Key]> | undefined };

export type SoundConfig = Sound<ConfigValues>;
export type SoundHttp = NonNullable<NonNullable<SoundConfig["http"]>[number]>;
export type SoundUdp = NonNullable<NonNullable<SoundConfig["udp"]>[number]>;

/** What checks between keys know beside the sound values. */
export interface Facts {
  /** True if the config says anything at these keys, right or wrong. */
  readonly given: (keys: Keys) => boolean;
  /** True if there was a problem with the value at just these keys. */
  readonly wrong: (keys: Keys) => boolean;
}

/** Takes the values at `wrong` out of a tree that is the caller's own: list items become holes. */
export function removeWrong(tree: unknown, wrong: readonly Keys[]): void {
  for (const keys of wrong) {
    let parent = tree;
    for (const key of keys.slice(0, -1))
      parent = (parent as Record<string | number, unknown> | undefined)?.[key];
    const last = keys.at(-1);
    if (typeof parent === "object" && parent !== null && last !== undefined) {
      (parent as Record<string | number, unknown>)[last] = undefined;
    }
  }
}
