import { formatAddress, isLoopback } from "./address.ts";
import type { Config, HttpListenerConfig, OutputConfig } from "./config.ts";

/** A sentence for each guarantee that a config, valid as it is, does not give. */
export function warnings(config: Config): string[] {
  const found = [...config.http.flatMap(listenerWarnings), ...udpWarnings(config)];
  if (config.http.some(({ outputs }) => outputs.some(({ bufferSize }) => bufferSize > 0))) {
    found.push("what is kept for a server that is down is in memory only, and lost when the relay stops");
  }
  return found;
}

function listenerWarnings(listener: HttpListenerConfig): string[] {
  const { bindAddr, outputs, auth, sslCombinedPem } = listener;
  const where = `http ${JSON.stringify(listener.name)}`;
  const found: string[] = [];
  if (outputs.length === 1) found.push(`${where}: one output only: no replica holds the data`);
  for (const output of outputs) found.push(...outputWarnings(where, output));
  for (const [index, output] of outputs.entries()) {
    const twin = outputs.slice(0, index).find(({ origin }) => origin === output.origin);
    if (twin === undefined) continue;
    const names = `${JSON.stringify(twin.name)} and ${JSON.stringify(output.name)}`;
    found.push(`${where}: outputs ${names} are the same server: they are no replicas of each other`);
  }
  if (!isLoopback(bindAddr.host) && auth.length === 0 && sslCombinedPem === undefined) {
    found.push(`${where}: listens on ${formatAddress(bindAddr)} without auth and without TLS`);
  }
  return found;
}

function outputWarnings(
  where: string,
  { name, origin, bufferSize, skipTlsVerification }: OutputConfig,
): string[] {
  const output = `${where}, output ${JSON.stringify(name)}`;
  const found: string[] = [];
  if (bufferSize === 0)
    found.push(`${output}: buffer-size-mb is 0: what it misses while it is down is not kept`);
  if (skipTlsVerification && origin.startsWith("https:")) {
    found.push(`${output}: skip-tls-verification: whoever answers in its place is believed`);
  }
  return found;
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
