import { collide } from "./address.ts";
import { checkHttp } from "./check-http.ts";
import { checkUdp } from "./check-udp.ts";
import { listenerName, type Named, repeatedNames } from "./names.ts";
import { type Finding, formatKeys } from "./problems.ts";
import type { Facts, SoundConfig, SoundHttp, SoundUdp } from "./sound.ts";

/**
 * What is wrong between keys that are each right. Looks only at values that had no problem so far, so that one
 * mistake is reported once.
 */
export function checkRelations(config: SoundConfig, facts: Facts): Finding[] {
  const http = config.http ?? [];
  const udp = config.udp ?? [];
  const httpNames = http.map((entry, index) => nameAt("http", index, entry, facts));
  const udpNames = udp.map((entry, index) => nameAt("udp", index, entry, facts));
  return [
    ...noListener(config),
    ...repeatedNames([...httpNames, ...udpNames], "listeners"),
    ...sharedAddresses("http", http),
    ...sharedAddresses("udp", udp),
    ...http.flatMap((entry, index) => (entry === undefined ? [] : checkHttp(entry, ["http", index], facts))),
    ...udp.flatMap((entry, index) =>
      entry === undefined ? [] : checkUdp(entry, ["udp", index], httpNames, facts),
    ),
  ];
}

function noListener({ http, udp }: SoundConfig): Finding[] {
  if (http?.length !== 0 || udp?.length !== 0) return [];
  return [{ keys: [], message: "has no listener: add an [[http]] or a [[udp]] entry" }];
}

function nameAt(
  kind: "http" | "udp",
  index: number,
  entry: SoundHttp | SoundUdp | undefined,
  facts: Facts,
): Named {
  const keys = [kind, index, "name"];
  const known = entry !== undefined && !facts.wrong(keys);
  return { keys, name: known ? listenerName(kind, index, entry.name) : undefined };
}

/** HTTP and UDP may share a port number, two listeners of one kind may not. */
function sharedAddresses(kind: string, entries: readonly (SoundHttp | SoundUdp | undefined)[]): Finding[] {
  return entries.flatMap((entry, index) => {
    const own = entry?.["bind-addr"];
    if (own === undefined) return [];
    const other = entries.slice(0, index).findIndex((earlier) => {
      const address = earlier?.["bind-addr"];
      return address !== undefined && collide(address, own);
    });
    if (other < 0) return [];
    const message = `must differ from the address of ${formatKeys([kind, other])}, which takes the same port`;
    return [{ keys: [kind, index, "bind-addr"], message, withValue: true }];
  });
}
