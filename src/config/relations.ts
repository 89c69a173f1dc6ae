import { collide } from "./address.ts";
import { checkAdmin } from "./check-admin.ts";
import { checkHttp } from "./check-http.ts";
import { checkUdp } from "./check-udp.ts";
import type { Address } from "./config.ts";
import { listenerName, type Named, repeatedNames } from "./names.ts";
import { type Finding, formatKeys, type Keys } from "./problems.ts";
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
    ...sharedAddresses([
      ...http.map((entry, index) => ({ keys: ["http", index], address: entry?.["bind-addr"] })),
      { keys: ["admin"], address: config.admin?.["bind-addr"] },
    ]),
    ...sharedAddresses(udp.map((entry, index) => ({ keys: ["udp", index], address: entry?.["bind-addr"] }))),
    ...checkSpool(config, facts),
    ...checkAdmin(config, facts),
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

/** Where an address stands; it is undefined where it cannot be told. */
interface Placed {
  readonly keys: Keys;
  readonly address: Address | undefined;
}

/** A finding for each address that an earlier one takes already. HTTP and UDP may share a port number. */
function sharedAddresses(places: readonly Placed[]): Finding[] {
  return places.flatMap(({ keys, address }, index) => {
    if (address === undefined) return [];
    const other = places
      .slice(0, index)
      .find((earlier) => earlier.address !== undefined && collide(earlier.address, address));
    if (other === undefined) return [];
    const message = `must differ from the address of ${formatKeys(other.keys)}, which takes the same port`;
    return [{ keys: [...keys, "bind-addr"], message, withValue: true }];
  });
}

/** A key without a use would leave its owner believing that credentials are stored. */
function checkSpool({ spool }: SoundConfig, { given }: Facts): Finding[] {
  const stored = spool?.["store-credentials"];
  const keys = ["spool", "credentials-key"];
  if (stored === true && !given(keys)) {
    return [
      { keys, message: 'is missing; store-credentials needs it: make one with "openssl rand -base64 32"' },
    ];
  }
  if (stored === false && given(keys)) return [{ keys, message: "needs store-credentials = true beside it" }];
  return [];
}
