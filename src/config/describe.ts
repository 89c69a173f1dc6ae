import { stringify } from "smol-toml";
import { formatAddress } from "./address.ts";
import type {
  AdminConfig,
  AuthRule,
  Config,
  HttpListenerConfig,
  OutputConfig,
  RecoveryConfig,
  ShardingConfig,
  ShardPin,
  SpoolConfig,
  UdpListenerConfig,
} from "./config.ts";
import { usernameOf } from "./credentials.ts";
import { formatGoDuration } from "./go-duration.ts";
import { describeKind } from "./output-kind.ts";
import { formatQuietHours } from "./recovery-schema.ts";
import { escapeReferences } from "./replace-variables.ts";
import { type ConfigInput, KB, MB } from "./schema.ts";
import type { Secret } from "./secret.ts";
import { formatPin, formatShardKeyPart } from "./shard-key.ts";

type SpoolInput = NonNullable<ConfigInput["spool"]>;
type HttpInput = NonNullable<ConfigInput["http"]>[number];
type UdpInput = NonNullable<ConfigInput["udp"]>[number];

/**
 * The config in force, with every default, as the text of a config file. Reading it gives the same config again,
 * but for the secrets, which are `***`; in place of a credentials-key that is refused, so that nothing is encrypted with it.
 */
export function describeConfig(config: Config): string {
  const input: ConfigInput = {
    "shutdown-timeout": formatGoDuration(config.shutdownTimeoutMs),
    log: { level: config.logLevel, format: config.logFormat },
    spool: config.spool && describeSpool(config.spool),
    admin: config.admin && describeAdmin(config.admin),
    recovery: describeRecovery(config.recovery),
    http: config.http.length > 0 ? config.http.map(describeHttp) : undefined,
    udp: config.udp.length > 0 ? config.udp.map(describeUdp) : undefined,
  };
  return stringify(escaped(input));
}

/** Values came from `${...}` once and must not be replaced again when the text is read. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return escapeReferences(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

function describeSpool(spool: SpoolConfig): SpoolInput {
  return {
    dir: spool.dir,
    fsync: spool.fsync,
    "fsync-interval": formatGoDuration(spool.fsyncIntervalMs),
    grace: formatGoDuration(spool.graceMs),
    "max-size-mb": spool.maxSize / MB,
    "max-records": spool.maxRecords,
    "max-age": formatGoDuration(spool.maxAgeMs),
    "when-full": spool.whenFull,
    "hold-max-size-mb": spool.holdMaxSize / MB,
    "dead-letter-max-mb": spool.deadLetterMaxSize / MB,
    "poison-after": formatGoDuration(spool.poisonAfterMs),
    "store-credentials": spool.storeCredentials,
    "credentials-key": spool.credentialsKey?.toString(),
  };
}

function describeAdmin(admin: AdminConfig): NonNullable<ConfigInput["admin"]> {
  const { bindAddr, token, peers, peerToken, peerCa } = admin;
  return {
    "bind-addr": formatAddress(bindAddr),
    token: token?.toString(),
    ...(peers.length > 0 && {
      peers: [...peers],
      "peer-token": peerToken?.toString(),
      "peer-ca": peerCa,
    }),
  };
}

function describeRecovery(recovery: RecoveryConfig): NonNullable<ConfigInput["recovery"]> {
  const { mode, checkEveryMs, maxRate, maxLoad, quietHours } = recovery;
  return {
    mode,
    "check-every": formatGoDuration(checkEveryMs),
    "max-rate-mb-per-second": maxRate / MB,
    "max-load-percent": maxLoad,
    "quiet-hours": quietHours && formatQuietHours(quietHours),
  };
}

function describeHttp(listener: HttpListenerConfig): HttpInput {
  return {
    name: listener.name,
    "bind-addr": formatAddress(listener.bindAddr),
    "default-retention-policy": listener.defaultRetentionPolicy,
    "ssl-combined-pem": listener.sslCombinedPem,
    consistency: listener.consistency,
    "honour-consistency": listener.honourConsistency,
    auth: listener.auth.length === 0 ? "none" : listener.auth.map(describeAuthRule),
    "max-body-size": listener.maxBodySize,
    "max-connections": listener.maxConnections,
    "request-timeout": formatGoDuration(listener.requestTimeoutMs),
    "reuse-port": listener.reusePort,
    query: listener.query,
    "query-timeout": formatGoDuration(listener.queryTimeoutMs),
    "sync-wait": formatGoDuration(listener.syncWaitMs),
    "max-rows-pulled": listener.maxRowsPulled,
    "read-only": listener.readOnly,
    deny: [...listener.deny] as NonNullable<HttpInput["deny"]>,
    ...(listener.sharding === undefined
      ? { output: listener.outputs.map(describeOutput) }
      : describeSharding(listener.sharding)),
  };
}

function describeSharding({ by, pins, prefixPins, shards }: ShardingConfig): Partial<HttpInput> {
  const [first, ...more] = by.map(formatShardKeyPart);
  return {
    "shard-by": more.length === 0 ? first : [first!, ...more],
    pin: describePins(pins, by.length),
    "pin-prefix": describePins(prefixPins, by.length),
    shard: shards.map(({ name, weight, outputs }) => ({ name, weight, output: outputs.map(describeOutput) })),
  };
}

function describePins(pins: readonly ShardPin[], parts: number): HttpInput["pin"] {
  if (pins.length === 0) return undefined;
  return Object.fromEntries(pins.map(({ values, shard }) => [formatPin(values, parts), shard]));
}

function describeAuthRule(rule: AuthRule) {
  return "token" in rule
    ? { token: rule.token.toString() }
    : { username: rule.username, password: rule.password.toString() };
}

function describeOutput(output: OutputConfig): NonNullable<HttpInput["output"]>[number] {
  return {
    name: output.name,
    location: `${output.origin}${output.writePath}`,
    ...describeKind(output),
    timeout: formatGoDuration(output.timeoutMs),
    "buffer-size-mb": output.bufferSize / MB,
    "max-batch-kb": output.maxBatchBytes / KB,
    "max-delay-interval": formatGoDuration(output.maxDelayIntervalMs),
    "health-check-interval": formatGoDuration(output.healthCheckIntervalMs),
    "drain-max-mb-per-second": output.drainMaxRate / MB,
    "skip-tls-verification": output.skipTlsVerification,
    ca: output.ca,
    cert: output.cert,
    key: output.key,
    gzip: output.gzip,
    weight: output.weight,
    "max-concurrent-queries": output.maxConcurrentQueries,
    ...(output.authorization && describeCredentials(output.authorization)),
  };
}

function describeCredentials(authorization: Secret) {
  const username = usernameOf(authorization);
  const secret = authorization.toString();
  return username === undefined ? { token: secret } : { username, password: secret };
}

function describeUdp({ name, bindAddr, readBuffer, reusePort, precision, to }: UdpListenerConfig): UdpInput {
  const common = {
    name,
    "bind-addr": formatAddress(bindAddr),
    "read-buffer": readBuffer,
    "reuse-port": reusePort,
    precision: precision as NonNullable<UdpInput["precision"]>,
  };
  if (to.kind === "udp") {
    const output = to.outputs.map(({ name, address, mtu }) => ({
      name,
      location: formatAddress(address),
      mtu,
    }));
    return { ...common, output };
  }
  return {
    ...common,
    to: to.listener,
    database: to.database,
    "retention-policy": to.retentionPolicy,
    "batch-size": to.batchSize,
    "batch-timeout": formatGoDuration(to.batchTimeoutMs),
  };
}
