import { formatAddress, isLoopback, isLoopbackUrl } from "./address.ts";
import type {
  AdminConfig,
  Config,
  HttpListenerConfig,
  OutputConfig,
  RecoveryConfig,
  SpoolConfig,
} from "./config.ts";
import { OUTPUT_DEFAULTS } from "./defaults.ts";
import { formatGoDuration } from "./go-duration.ts";
import { v2Warnings } from "./v2-warnings.ts";

/** A sentence for each guarantee that a config, valid as it is, does not give. */
export function warnings(config: Config): string[] {
  const { http, spool, admin, recovery } = config;
  return [
    ...http.flatMap((listener) => [
      ...listenerWarnings(listener),
      ...listener.outputs.flatMap((output) => outputWarnings(listener, output, spool)),
      ...v2Warnings(listener, placeOf(listener)),
      ...consistencyWarnings(listener, spool),
    ]),
    ...udpWarnings(config),
    ...(spool === undefined ? memoryWarnings(http) : spoolWarnings(http, spool)),
    ...recoveryWarnings(http, recovery),
    ...(admin === undefined ? [] : adminWarnings(admin)),
  ];
}

function listenerWarnings(listener: HttpListenerConfig): string[] {
  const { bindAddr, outputs, auth, sslCombinedPem, sharding } = listener;
  const where = placeOf(listener);
  const found =
    sharding === undefined
      ? replicaWarnings(where, outputs)
      : sharding.shards.flatMap((shard) => {
          return replicaWarnings(`${where}, shard ${JSON.stringify(shard.name)}`, shard.outputs);
        });
  if (!isLoopback(bindAddr.host) && auth.length === 0 && sslCombinedPem === undefined) {
    found.push(`${where}: listens on ${formatAddress(bindAddr)} without auth and without TLS`);
  }
  return found;
}

function replicaWarnings(where: string, outputs: readonly OutputConfig[]): string[] {
  const found: string[] = [];
  if (outputs.length === 1) found.push(`${where}: one output only: no replica holds the data`);
  for (const [index, output] of outputs.entries()) {
    const twin = outputs.slice(0, index).find(({ origin }) => origin === output.origin);
    if (twin === undefined) continue;
    const names = listed([twin, output]);
    found.push(`${where}: outputs ${names} are the same server: they are no replicas of each other`);
  }
  if (outputs.every(({ weight, v2 }) => weight === 0 && v2 === undefined)) {
    found.push(`${where}: every output has weight = 0: no query is answered`);
  }
  return found;
}

function outputWarnings(
  listener: HttpListenerConfig,
  output: OutputConfig,
  spool: SpoolConfig | undefined,
): string[] {
  const { name, origin, bufferSize, skipTlsVerification } = output;
  const where = `${placeOf(listener)}, output ${JSON.stringify(name)}`;
  const found: string[] = [];
  if (spool === undefined) {
    if (bufferSize === 0)
      found.push(`${where}: buffer-size-mb is 0: what it misses while it is down is not kept`);
  } else if (bufferSize === 0 && getsCredentials(listener, output, spool)) {
    found.push(
      `${where}: buffer-size-mb is 0: writes with a client's credentials that it misses are not kept, ` +
        "because without store-credentials they do not go to disk",
    );
  } else if (bufferSize !== OUTPUT_DEFAULTS.bufferSize) {
    found.push(
      `${where}: buffer-size-mb bounds only what may not go to disk; max-size-mb of [spool] bounds the rest`,
    );
  }
  if (skipTlsVerification && origin.startsWith("https:")) {
    found.push(`${where}: skip-tls-verification: whoever answers in its place is believed`);
  }
  return found;
}

function consistencyWarnings(listener: HttpListenerConfig, spool: SpoolConfig | undefined): string[] {
  const any = listener.consistency === "any";
  if (spool === undefined)
    return any ? [`${placeOf(listener)}: consistency = "any" without [spool] is the same as "one"`] : [];
  if (spool.fsync === "always" || !(any || listener.honourConsistency)) return [];
  return [
    `${placeOf(listener)}: fsync = "${spool.fsync}": a power cut can lose a write that was acknowledged with ` +
      'consistency "any" before a server stored it',
  ];
}

function memoryWarnings(http: readonly HttpListenerConfig[]): string[] {
  if (!http.some(({ outputs }) => outputs.some(({ bufferSize }) => bufferSize > 0))) return [];
  return [
    "no [spool]: what a server that is down or slow lacks is kept in memory only, and lost when the relay stops; " +
      "add [spool] with a dir to keep it on disk",
  ];
}

/** What a config with a spool does not give all the same. */
function spoolWarnings(http: readonly HttpListenerConfig[], spool: SpoolConfig): string[] {
  const found = http.flatMap((listener) => {
    const inMemory = listener.outputs.filter(
      (output) => output.bufferSize > 0 && getsCredentials(listener, output, spool),
    );
    if (inMemory.length === 0) return [];
    return [
      `${placeOf(listener)}: writes with a client's credentials are kept in memory only (buffer-size-mb) for ` +
        `${listed(inMemory)}, and lost when the relay stops; set store-credentials, or give each output credentials of its own`,
    ];
  });
  if (spool.fsync === "interval") {
    const interval = formatGoDuration(spool.fsyncIntervalMs);
    found.push(
      `[spool] fsync = "interval": a power cut can lose about the last ${interval} of ${WHAT_IS_LACKED}`,
    );
  }
  if (spool.fsync === "never") {
    found.push(
      `[spool] fsync = "never": a power cut can lose what the system has not written to disk by then of ${WHAT_IS_LACKED}`,
    );
  }
  if (spool.whenFull === "refuse") {
    found.push(
      '[spool] when-full = "refuse": once a server has been down for so long that its spool is full, writes are ' +
        "refused although others could store them",
    );
  }
  return found;
}

const WHAT_IS_LACKED =
  "what was kept for servers that were down or slow; the servers that stored those writes have them still";

/** True if what a client sends to show who he is goes on to the output, and may not be written to disk. */
function getsCredentials(
  { auth }: HttpListenerConfig,
  { authorization }: OutputConfig,
  { storeCredentials }: SpoolConfig,
): boolean {
  return !storeCredentials && auth.length === 0 && authorization === undefined;
}

/** UDP has no authentication, so it opens what the outputs' own credentials open. */
function udpWarnings({ http, udp }: Config): string[] {
  return udp.flatMap(({ name, bindAddr, to }) => {
    if (to.kind !== "http" || isLoopback(bindAddr.host)) return [];
    const target = http.find((listener) => listener.name === to.listener);
    if (!target?.outputs.some(({ authorization }) => authorization !== undefined)) return [];
    const where = `udp ${JSON.stringify(name)}`;
    return [`${where}: whoever reaches ${formatAddress(bindAddr)} writes with the outputs' own credentials`];
  });
}

function recoveryWarnings(http: readonly HttpListenerConfig[], recovery: RecoveryConfig): string[] {
  if (!http.some(({ outputs }) => outputs.length > 1)) return [];
  const found: string[] = [];
  if (recovery.mode === "manual")
    found.push(
      '[recovery] mode = "manual": a server that lost writes gets no queries until somebody runs influxdb-relay recover',
    );
  if (recovery.checkEveryMs === 0)
    found.push('[recovery] check-every = "0s": a difference of which nothing is known is not found');
  return found;
}

function adminWarnings(admin: AdminConfig): string[] {
  const { bindAddr, token } = admin;
  const loopback = isLoopback(bindAddr.host);
  const found = peerWarnings(admin, loopback);
  if (token === undefined)
    found.push("[admin] no token: every program on this machine may command the relay");
  else if (!loopback)
    found.push(`[admin] listens on ${formatAddress(bindAddr)} without TLS: the token can be read on its way`);
  return found;
}

function peerWarnings({ peers, bindAddr }: AdminConfig, loopback: boolean): string[] {
  const far = peers.filter((peer) => !isLoopbackUrl(peer));
  const found = far
    .filter((peer) => peer.startsWith("http:"))
    .map((peer) => `[admin] peer ${peer} is asked without TLS: the token can be read on its way`);
  if (far.length > 0 && loopback)
    found.push(
      `[admin] listens on ${formatAddress(bindAddr)}, where relays on other machines cannot ask it: it asks its peers, and they not it`,
    );
  return found;
}

function placeOf({ name }: HttpListenerConfig): string {
  return `http ${JSON.stringify(name)}`;
}

function listed(outputs: readonly OutputConfig[]): string {
  return outputs.map(({ name }) => JSON.stringify(name)).join(" and ");
}
