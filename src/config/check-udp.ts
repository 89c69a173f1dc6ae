import { formatAddress } from "./address.ts";
import { type Named, outputNames, repeatedNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { Finding, Keys } from "./problems.ts";
import type { Facts, SoundUdp } from "./sound.ts";

/** Keys that say how points become HTTP writes, and so mean nothing when datagrams go on as datagrams. */
const ONLY_WITH_TO = ["database", "retention-policy", "batch-size", "batch-timeout"];

/** What is wrong between the keys of one `[[udp]]` entry, or with the listener that it names. */
export function checkUdp(entry: SoundUdp, keys: Keys, listeners: readonly Named[], facts: Facts): Finding[] {
  const given = (key: string) => facts.given([...keys, key]);
  if (given("to") && given("output")) return [{ keys, message: "must have to or output, not both" }];
  if (given("to")) {
    return [
      ...(given("database") ? [] : [{ keys: [...keys, "database"], message: "is missing; to needs it" }]),
      ...checkTo(entry.to, [...keys, "to"], listeners),
    ];
  }
  if (!given("output")) {
    return [{ keys, message: "must have to (the name of an [[http]] listener) or output" }];
  }
  return [
    ...repeatedNames(outputNames(entry.output ?? [], keys, facts, formatAddress), "the listener's outputs"),
    ...ONLY_WITH_TO.filter(given).map((key) => ({
      keys: [...keys, key],
      message: "has no effect with output; it belongs to to",
    })),
  ];
}

function checkTo(to: string | undefined, keys: Keys, listeners: readonly Named[]): Finding[] {
  const names = listeners.flatMap(({ name }) => name ?? []);
  // A listener whose name cannot be told may be the one that is meant.
  if (to === undefined || names.includes(to) || names.length < listeners.length) return [];
  const meant = nearest(to, names);
  const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  return [{ keys, message: `must be the name of an [[http]] listener${hint}`, withValue: true }];
}
