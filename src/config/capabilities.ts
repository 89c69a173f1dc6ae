import { ConfigError, type ConfigProblem } from "../errors.ts";
import type { Config, OutputConfig } from "./config.ts";

/**
 * What a runtime may not be able to do, and what a config needs it for. The table in the docs is made from this one.
 */
export const CAPABILITIES = {
  udp: "UDP listeners ([[udp]])",
  bind: "several [[http]] listeners, each with an address of its own (bind-addr)",
  "listen-tls": "TLS of its own (ssl-combined-pem)",
  "connection-limits": "max-connections and request-timeout",
  "output-tls": "certificates of its own choice towards a backend (ca, cert, key, skip-tls-verification)",
  coalescing: "joining waiting writes into one request, in one order a database",
  buffer: "keeping what a backend lacks after the request (buffer-size-mb)",
} as const;

export type Capability = keyof typeof CAPABILITIES;

/** Why a runtime lacks something; what is not named it has. */
export type Lacks = Readonly<Partial<Record<Capability, string>>>;

/** The runtimes and what they lack. */
export const RUNTIMES: Readonly<Record<"node" | "deno" | "workers", Lacks>> = {
  node: {},
  deno: {
    "connection-limits": "Deno.serve limits neither; put a load balancer in front that does",
  },
  workers: {
    udp: "a Worker is reached over HTTP only",
    bind: "a Worker has no addresses: its routes are in wrangler.toml",
    "listen-tls": "Cloudflare ends TLS",
    "connection-limits": "Cloudflare has its own",
    "output-tls": "fetch verifies against Cloudflare's list of authorities",
    coalescing: "requests may not share promises or connections",
    buffer: "memory ends with the isolate",
  },
};

/**
 * Refuses a config that uses what the runtime cannot do.
 * @throws {ConfigError} naming each listener and why.
 */
export function checkCapabilities(config: Config, source: string, runtime: keyof typeof RUNTIMES): void {
  const problems = needs(config).flatMap(({ path, capability, listener }): ConfigProblem[] => {
    const reason = RUNTIMES[runtime][capability];
    if (reason === undefined) return [];
    return [
      {
        path,
        message: `listener "${listener}" needs ${CAPABILITIES[capability]}, which ${runtime} lacks: ${reason}`,
      },
    ];
  });
  if (problems.length > 0) throw new ConfigError(source, problems);
}

interface Need {
  readonly path: string;
  readonly capability: Capability;
  readonly listener: string;
}

/** What a config asks for beyond what every runtime has. Limits and buffers have defaults, so they are not asked for. */
function needs({ http, udp }: Config): Need[] {
  const needed: Need[] = udp.map(({ name }, i) => ({ path: `udp[${i}]`, capability: "udp", listener: name }));
  http.forEach(({ name, sslCombinedPem, outputs }, i) => {
    const path = `http[${i}]`;
    if (i > 0) needed.push({ path, capability: "bind", listener: name });
    if (sslCombinedPem !== undefined)
      needed.push({ path: `${path}.ssl-combined-pem`, capability: "listen-tls", listener: name });
    outputs.forEach((output, j) => {
      if (hasOwnTls(output))
        needed.push({ path: `${path}.output[${j}]`, capability: "output-tls", listener: name });
    });
  });
  return needed;
}

function hasOwnTls({ ca, cert, key, skipTlsVerification }: OutputConfig): boolean {
  return skipTlsVerification || ca !== undefined || cert !== undefined || key !== undefined;
}
