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
import { basicAuthorization, tokenAuthorization } from "./credentials.ts";
import { listenerName } from "./names.ts";
import { buildKind } from "./output-kind.ts";
import { type ConfigValues, KB, MB } from "./schema.ts";
import { parsePin } from "./shard-key.ts";

type SpoolValues = NonNullable<ConfigValues["spool"]>;
type AdminValues = NonNullable<ConfigValues["admin"]>;
type HttpValues = ConfigValues["http"][number];
type OutputValues = NonNullable<HttpValues["output"]>[number];
type AuthRuleValues = Exclude<HttpValues["auth"], "none" | undefined>[number];
type UdpValues = ConfigValues["udp"][number];

/** The config under the names that the code uses, from values without a problem. */
export function buildConfig(values: ConfigValues): Config {
  return {
    http: values.http.map(buildHttp),
    spool: values.spool && buildSpool(values.spool),
    admin: values.admin && buildAdmin(values.admin),
    recovery: buildRecovery(values.recovery),
    udp: values.udp.map(buildUdp),
    shutdownTimeoutMs: values["shutdown-timeout"],
    logLevel: values.log.level,
    logFormat: values.log.format,
  };
}

function buildSpool(values: SpoolValues): SpoolConfig {
  return {
    dir: values.dir,
    fsync: values.fsync,
    fsyncIntervalMs: values["fsync-interval"],
    graceMs: values.grace,
    maxSize: values["max-size-mb"] * MB,
    maxRecords: values["max-records"],
    maxAgeMs: values["max-age"],
    whenFull: values["when-full"],
    holdMaxSize: values["hold-max-size-mb"] * MB,
    deadLetterMaxSize: values["dead-letter-max-mb"] * MB,
    poisonAfterMs: values["poison-after"],
    storeCredentials: values["store-credentials"],
    credentialsKey: values["credentials-key"],
  };
}

function buildAdmin(values: AdminValues): AdminConfig {
  return {
    bindAddr: values["bind-addr"],
    token: values.token,
    peers: values.peers,
    peerToken: values.peers.length > 0 ? (values["peer-token"] ?? values.token) : undefined,
    peerCa: values["peer-ca"],
  };
}

function buildRecovery(values: ConfigValues["recovery"]): RecoveryConfig {
  return {
    mode: values.mode,
    checkEveryMs: values["check-every"],
    maxRate: values["max-rate-mb-per-second"] * MB,
    maxLoad: values["max-load-percent"],
    quietHours: values["quiet-hours"],
  };
}

function buildHttp(values: HttpValues, index: number): HttpListenerConfig {
  const sharding = buildSharding(values);
  return {
    name: listenerName("http", index, values.name),
    bindAddr: values["bind-addr"],
    defaultRetentionPolicy: values["default-retention-policy"],
    sslCombinedPem: values["ssl-combined-pem"],
    consistency: values.consistency,
    honourConsistency: values["honour-consistency"],
    auth: Array.isArray(values.auth) ? values.auth.map(buildAuthRule) : [],
    maxBodySize: values["max-body-size"],
    maxConnections: values["max-connections"],
    requestTimeoutMs: values["request-timeout"],
    reusePort: values["reuse-port"],
    query: values.query,
    queryTimeoutMs: values["query-timeout"],
    syncWaitMs: values["sync-wait"],
    maxRowsPulled: values["max-rows-pulled"],
    readOnly: values["read-only"],
    deny: values.deny,
    outputs: sharding?.shards.flatMap(({ outputs }) => outputs) ?? values.output!.map(buildOutput),
    sharding,
  };
}

function buildSharding(values: HttpValues): ShardingConfig | undefined {
  const { shard, pin, "pin-prefix": prefix, "shard-by": by } = values;
  if (shard === undefined) return undefined;
  const parts = by!.length;
  return {
    by: by!,
    pins: buildPins(pin, parts),
    prefixPins: buildPins(prefix, parts),
    shards: shard.map(({ name, weight, output }) => ({ name, weight, outputs: output.map(buildOutput) })),
  };
}

function buildPins(pins: HttpValues["pin"], parts: number): ShardPin[] {
  return Object.entries(pins).map(([text, shard]) => ({ values: parsePin(text, parts), shard }));
}

function buildAuthRule({ username, password, token }: AuthRuleValues): AuthRule {
  if (token !== undefined) return { token };
  return { username: username!, password: password! };
}

function buildOutput(values: OutputValues): OutputConfig {
  return {
    name: values.name ?? values.location.hostPort,
    origin: values.location.origin,
    ...buildKind(values),
    timeoutMs: values.timeout,
    bufferSize: values["buffer-size-mb"] * MB,
    maxBatchBytes: values["max-batch-kb"] * KB,
    maxDelayIntervalMs: values["max-delay-interval"],
    healthCheckIntervalMs: values["health-check-interval"],
    drainMaxRate: values["drain-max-mb-per-second"] * MB,
    skipTlsVerification: values["skip-tls-verification"],
    ca: values.ca,
    cert: values.cert,
    key: values.key,
    gzip: values.gzip,
    maxConcurrentQueries: values["max-concurrent-queries"],
    authorization: buildAuthorization(values),
  };
}

function buildAuthorization({ username, password, token }: OutputValues): OutputConfig["authorization"] {
  if (token !== undefined) return tokenAuthorization(token);
  return username === undefined ? undefined : basicAuthorization(username, password!);
}

function buildUdp(values: UdpValues, index: number): UdpListenerConfig {
  return {
    name: listenerName("udp", index, values.name),
    bindAddr: values["bind-addr"],
    readBuffer: values["read-buffer"],
    reusePort: values["reuse-port"],
    precision: values.precision,
    to: buildTarget(values),
  };
}

function buildTarget(values: UdpValues): UdpListenerConfig["to"] {
  if (values.output !== undefined) {
    const outputs = values.output.map(({ name, location, mtu }) => ({
      name: name ?? formatAddress(location),
      address: location,
      mtu,
    }));
    return { kind: "udp", outputs };
  }
  return {
    kind: "http",
    listener: values.to!,
    database: values.database!,
    retentionPolicy: values["retention-policy"],
    batchSize: values["batch-size"],
    batchTimeoutMs: values["batch-timeout"],
  };
}
