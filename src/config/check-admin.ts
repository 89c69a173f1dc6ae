import { formatAddress, isLoopback, isLoopbackUrl } from "./address.ts";
import type { Finding } from "./problems.ts";
import type { Facts, SoundConfig } from "./sound.ts";

/** What is wrong between the keys of `[admin]`. */
export function checkAdmin(config: SoundConfig, facts: Facts): Finding[] {
  return [...checkToken(config, facts), ...checkPeers(config, facts), ...checkPeerKeys(config, facts)];
}

function checkToken({ admin }: SoundConfig, { given }: Facts): Finding[] {
  const address = admin?.["bind-addr"];
  const keys = ["admin", "token"];
  if (address === undefined || isLoopback(address.host) || given(keys)) return [];
  return [
    {
      keys,
      message:
        "is missing: whoever reaches this address, which is not a loopback one, could command the relay; " +
        "set a token, or listen on a loopback address",
    },
  ];
}

function checkPeers({ admin }: SoundConfig, { given }: Facts): Finding[] {
  const peers = admin?.peers ?? [];
  const own = admin?.["bind-addr"];
  const hasToken = given(["admin", "token"]) || given(["admin", "peer-token"]);
  return peers.flatMap((peer, index): Finding[] => {
    if (peer === undefined) return [];
    const keys = ["admin", "peers", index];
    if (peers.indexOf(peer) < index)
      return [{ keys, message: "is named twice: one entry a relay", withValue: true }];
    if (own !== undefined && new URL(peer).host === formatAddress(own))
      return [{ keys, message: "is this relay's own address: name the other relays only", withValue: true }];
    if (hasToken || isLoopbackUrl(peer)) return [];
    const message = "needs a token: a relay that other machines reach has one; set peer-token";
    return [{ keys, message, withValue: true }];
  });
}

/** Whoever sets them means them to be used. */
function checkPeerKeys({ admin }: SoundConfig, { given }: Facts): Finding[] {
  const findings: Finding[] = [];
  const peers = admin?.peers;
  if (!given(["admin", "peers"])) {
    for (const key of ["peer-token", "peer-ca"])
      if (given(["admin", key])) findings.push({ keys: ["admin", key], message: "needs peers beside it" });
  } else if (given(["admin", "peer-ca"]) && peers?.every((peer) => peer?.startsWith("http:"))) {
    const message = "has no effect with http:// peers; use https://";
    findings.push({ keys: ["admin", "peer-ca"], message });
  }
  return findings;
}
