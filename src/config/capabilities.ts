import { ConfigError, type ConfigProblem } from "../errors.ts";
import type {
  Config,
  HttpListenerConfig,
  OutputConfig,
  RecoveryConfig,
  SpoolConfig,
  UdpListenerConfig,
} from "./config.ts";
import {
  HTTP_DEFAULTS,
  OUTPUT_DEFAULTS,
  RECOVERY_DEFAULTS,
  SPOOL_DEFAULTS,
  UDP_DEFAULTS,
} from "./defaults.ts";

/**
 * What a runtime may not be able to do, and what a config needs it for. docs/runtimes.md is made from this table and
 * the next one.
 */
export const CAPABILITIES = {
  udp: "UDP listeners ([[udp]])",
  "udp-buffer": "a receive buffer of a size of its choice for UDP (read-buffer)",
  "udp-drops": "counting the datagrams that the kernel dropped",
  bind: "several [[http]] listeners, each with an address of its own (bind-addr)",
  "reuse-port": "several processes on one port (reuse-port)",
  "listen-tls": "TLS of its own (ssl-combined-pem)",
  "tls-reload": "a new certificate without a moment in which connections are refused",
  "connection-limit": "a limit of connections (max-connections)",
  "request-timeout": "408 for a request whose body does not arrive in time (request-timeout)",
  "slow-connections": "closing connections that are idle, or send a request's headers or body too slowly",
  "refuse-upload": "refusing a body that is too large before it is sent (Expect: 100-continue)",
  "output-tls": "certificates of its own choice towards a backend (ca, cert, key, skip-tls-verification)",
  coalescing: "joining waiting writes into one request, in one order a database (max-batch-kb)",
  checks: "asking backends again and again whether they are there (health-check-interval)",
  buffer: "keeping what a backend lacks after the request (buffer-size-mb)",
  disk: "keeping what a backend lacks on disk ([spool])",
  fsync: "choosing when what was stored survives a power cut (fsync, fsync-interval)",
  admin: "an address of its own for commands ([admin])",
  recovery: "copying what a backend lost by itself, and checking replicas ([recovery])",
} as const;

export type Capability = keyof typeof CAPABILITIES;

export type Runtime = "node" | "deno" | "workers";

/** Why a runtime lacks something; what is not named it has. */
export type Lacks = Readonly<Partial<Record<Capability, string>>>;

/** The runtimes and what they lack. */
export const RUNTIMES: Readonly<Record<Runtime, Lacks>> = {
  node: {},
  deno: {
    "udp-buffer": "a larger buffer costs Deno 1-2 ms of CPU a packet, so it stays as the kernel makes it",
    "udp-drops": "Deno reads /proc with --allow-all only",
    "reuse-port": "Deno calls it unstable, and needs a flag for it",
    "tls-reload": "Deno.serve keeps its certificate, so the port is closed and opened again",
    "connection-limit": "Deno.serve has none; put a load balancer in front that does",
    "slow-connections": "Deno.serve waits for the client; put a load balancer in front that does not",
    "refuse-upload": "Deno.serve asks for the body by itself",
  },
  workers: {
    udp: "a Worker is reached over HTTP only",
    "udp-buffer": "no UDP",
    "udp-drops": "no UDP",
    bind: "a Worker has no addresses: its routes are in wrangler.toml",
    "reuse-port": "a Worker has no addresses",
    "listen-tls": "Cloudflare ends TLS",
    "tls-reload": "Cloudflare ends TLS",
    "connection-limit": "Cloudflare has its own",
    "request-timeout": "Cloudflare has its own",
    "slow-connections": "Cloudflare has its own limits",
    "refuse-upload": "Cloudflare asks for the body",
    "output-tls": "fetch verifies against Cloudflare's list of authorities",
    coalescing: "requests may not share promises or connections",
    checks: "nothing runs between requests; /health/backends/NAME asks when it is asked",
    buffer: "memory ends with the isolate; [spool] keeps it in Durable Objects",
    fsync: "a Durable Object answers when what it stored is durable",
    admin: "a Worker has no addresses",
    recovery: "nothing runs between requests; influxdb-relay recover copies from any machine",
  },
};

/**
 * Refuses a config that uses what the runtime cannot do. An option that has a default is used where its value is
 * another one.
 * @throws {ConfigError} naming each option and why.
 */
export function checkCapabilities(config: Config, source: string, runtime: Runtime): void {
  const problems = needs(config).flatMap(({ path, capability, who }): ConfigProblem[] => {
    const reason = RUNTIMES[runtime][capability];
    if (reason === undefined) return [];
    return [{ path, message: `${who} needs ${CAPABILITIES[capability]}, which ${runtime} lacks: ${reason}` }];
  });
  if (problems.length > 0) throw new ConfigError(source, problems);
}

interface Need {
  readonly path: string;
  readonly capability: Capability;
  /** The config, or a listener of it. */
  readonly who: string;
}

/** What a config asks for beyond what every runtime has. */
function needs({ spool, admin, recovery, http, udp }: Config): Need[] {
  return [
    ...(spool === undefined ? [] : needsOfSpool(spool)),
    ...(admin === undefined ? [] : [{ path: "admin", capability: "admin", who: CONFIG } as const]),
    ...needsOfRecovery(recovery),
    ...http.flatMap(needsOfHttp),
    ...udp.flatMap(needsOfUdp),
  ];
}

const CONFIG = "the config";

function needsOfSpool({ fsync, fsyncIntervalMs }: SpoolConfig): Need[] {
  const needed: Need[] = [];
  if (fsync !== SPOOL_DEFAULTS.fsync) needed.push({ path: "spool.fsync", capability: "fsync", who: CONFIG });
  if (fsyncIntervalMs !== SPOOL_DEFAULTS.fsyncIntervalMs)
    needed.push({ path: "spool.fsync-interval", capability: "fsync", who: CONFIG });
  return needed;
}

/** Whoever only says that nothing is to be done by itself has what he wants where nothing is. */
function needsOfRecovery({ checkEveryMs, maxRate, maxLoad, quietHours }: RecoveryConfig): Need[] {
  const asks =
    (checkEveryMs !== RECOVERY_DEFAULTS.checkEveryMs && checkEveryMs > 0) ||
    maxRate !== RECOVERY_DEFAULTS.maxRate ||
    maxLoad !== RECOVERY_DEFAULTS.maxLoad ||
    quietHours !== undefined;
  return asks ? [{ path: "recovery", capability: "recovery", who: CONFIG }] : [];
}

function needsOfUdp({ name, readBuffer, reusePort }: UdpListenerConfig, index: number): Need[] {
  const path = `udp[${index}]`;
  const who = `listener "${name}"`;
  const needed: Need[] = [{ path, capability: "udp", who }];
  if (readBuffer !== UDP_DEFAULTS.readBuffer)
    needed.push({ path: `${path}.read-buffer`, capability: "udp-buffer", who });
  if (reusePort) needed.push({ path: `${path}.reuse-port`, capability: "reuse-port", who });
  return needed;
}

function needsOfHttp(config: HttpListenerConfig, index: number): Need[] {
  const path = `http[${index}]`;
  const needed: Need[] = [];
  const need = (needsIt: boolean, capability: Capability, key?: string) => {
    if (!needsIt) return;
    const who = `listener "${config.name}"`;
    needed.push({ path: key === undefined ? path : `${path}.${key}`, capability, who });
  };
  need(index > 0, "bind");
  need(config.reusePort, "reuse-port", "reuse-port");
  need(config.sslCombinedPem !== undefined, "listen-tls", "ssl-combined-pem");
  need(config.maxConnections !== HTTP_DEFAULTS.maxConnections, "connection-limit", "max-connections");
  need(config.requestTimeoutMs !== HTTP_DEFAULTS.requestTimeoutMs, "request-timeout", "request-timeout");
  for (const [key, output] of keyedOutputs(config)) {
    need(hasOwnTls(output), "output-tls", key);
    const { healthCheckIntervalMs } = OUTPUT_DEFAULTS;
    need(output.healthCheckIntervalMs !== healthCheckIntervalMs, "checks", `${key}.health-check-interval`);
    need(asksFor("bufferSize", output), "buffer", `${key}.buffer-size-mb`);
    need(asksFor("maxBatchBytes", output), "coalescing", `${key}.max-batch-kb`);
  }
  return needed;
}

function keyedOutputs({ outputs, sharding }: HttpListenerConfig): (readonly [key: string, OutputConfig])[] {
  if (sharding === undefined) return outputs.map((output, i) => [`output[${i}]`, output]);
  return sharding.shards.flatMap((shard, i) =>
    shard.outputs.map((output, j) => [`shard[${i}].output[${j}]`, output] as const),
  );
}

function hasOwnTls({ ca, cert, key, skipTlsVerification }: OutputConfig): boolean {
  return skipTlsVerification || ca !== undefined || cert !== undefined || key !== undefined;
}

/** Whoever wants nothing to be kept, or joined, has what he wants where nothing can be. */
function asksFor(size: "bufferSize" | "maxBatchBytes", output: OutputConfig): boolean {
  return output[size] !== OUTPUT_DEFAULTS[size] && output[size] > 0;
}
