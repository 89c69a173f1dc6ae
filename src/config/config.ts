import type { Consistency } from "../writer.ts";
import type { Secret } from "./secret.ts";

/** The whole config: validated, complete, frozen. Sizes are bytes, times are milliseconds. */
export interface Config {
  readonly http: readonly HttpListenerConfig[];
  /** Absent: what a backend lacks is kept in memory only. */
  readonly spool: SpoolConfig | undefined;
  /** Absent: nobody can command the relay. */
  readonly admin: AdminConfig | undefined;
  readonly recovery: RecoveryConfig;
  readonly udp: readonly UdpListenerConfig[];
  /** How long a stop waits for what is in flight. */
  readonly shutdownTimeoutMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly logFormat: "auto" | "json" | "pretty";
}

export interface Address {
  /** A name, IPv4 or IPv6 without brackets; to listen on, empty means every interface. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export type AuthRule = { readonly username: string; readonly password: Secret } | { readonly token: Secret };

/** The `[spool]` table: what backends lack is kept on disk. */
export interface SpoolConfig {
  /** Path of a directory. On Workers, where there are none, any name. */
  readonly dir: string;
  /** When what was stored survives a power cut: before it is acknowledged, soon after, or when the system likes. */
  readonly fsync: "always" | "interval" | "never";
  /** The longest time between two syncs with `interval`; without a meaning otherwise. */
  readonly fsyncIntervalMs: number;
  /** So long the other replicas may take after the first one stored a write, before it is stored for them. 0: none. */
  readonly graceMs: number;
  /** Of each backend, as the two below. */
  readonly maxSize: number;
  readonly maxRecords: number;
  /** Of running time of the relay. */
  readonly maxAgeMs: number;
  /** What gives way when `maxSize` or `maxRecords` is reached: the oldest records, or new writes. */
  readonly whenFull: "drop-oldest" | "refuse";
  /** Of each backend: what is held for destinations that it is not ready for. */
  readonly holdMaxSize: number;
  /** Of each backend: what was given up for it. */
  readonly deadLetterMaxSize: number;
  /** A record that alone gets the same 5xx for so long while its backend takes others is given up. */
  readonly poisonAfterMs: number;
  /** False: writes that come with a client's credentials never go to disk. */
  readonly storeCredentials: boolean;
  /** 32 bytes in base64; present just if `storeCredentials`. */
  readonly credentialsKey: Secret | undefined;
}

/** The `[recovery]` table: what is done by itself about backends that differ from their replicas. */
export interface RecoveryConfig {
  readonly mode: "auto" | "manual";
  /** From the end of one check to the next; 0: none. */
  readonly checkEveryMs: number;
  /** Bytes of line protocol a second. */
  readonly maxRate: number;
  /** Percent of the time that servers are busy with it. */
  readonly maxLoad: number;
  /** In them nothing is done by itself. */
  readonly quietHours: QuietHours | undefined;
}

/** Minutes of the day in UTC; the end does not belong to them, and may come before the beginning. */
export interface QuietHours {
  readonly fromMinute: number;
  readonly untilMinute: number;
}

/** The `[admin]` table: where the relay takes commands. */
export interface AdminConfig {
  readonly bindAddr: Address;
  /** Needed unless the address is a loopback one. */
  readonly token: Secret | undefined;
  /** The admin listeners of the other relays that share backends with this one, as `http://host:port`. */
  readonly peers: readonly string[];
  /** What they want to be shown. */
  readonly peerToken: Secret | undefined;
  /** Path of a PEM file. */
  readonly peerCa: string | undefined;
}

/** An `[[http]]` entry. */
export interface HttpListenerConfig {
  readonly name: string;
  /** Where the runtime has no addresses: every interface, port 0. */
  readonly bindAddr: Address;
  readonly defaultRetentionPolicy: string;
  /** Path of a PEM file with certificate chain and key. */
  readonly sslCombinedPem: string | undefined;
  readonly consistency: Consistency;
  readonly honourConsistency: boolean;
  /** Empty: the client's credentials are passed on and InfluxDB decides. */
  readonly auth: readonly AuthRule[];
  /** Largest body, on the wire and inflated. */
  readonly maxBodySize: number;
  readonly maxConnections: number;
  /** Within this time a request must have arrived whole. */
  readonly requestTimeoutMs: number;
  /** Other processes may listen on the same port. */
  readonly reusePort: boolean;
  /** Which of the outputs that are in sync a query goes to: all in turn, or the first. */
  readonly query: "spread" | "first";
  /** Until a query's answer begins, and between two pieces of it. */
  readonly queryTimeoutMs: number;
  /** So long a query waits for an output that has every write that was acknowledged before. */
  readonly syncWaitMs: number;
  /** With shards: points that one statement may fetch to compute with. */
  readonly maxRowsPulled: number;
  /** Takes no statement that changes something. */
  readonly readOnly: boolean;
  /** First words of statements that are not taken. */
  readonly deny: readonly string[];
  /** All of them; with shards, those of the first, then those of the second and so on. */
  readonly outputs: readonly OutputConfig[];
  /** Absent: every output gets every write. */
  readonly sharding: ShardingConfig | undefined;
}

/** How a listener's points are divided. */
export interface ShardingConfig {
  /** What a point's key is made of. */
  readonly by: readonly ShardKeyPart[];
  /** Keys with a shard of their own. */
  readonly pins: readonly ShardPin[];
  /** The same for all keys that begin so; the longest one counts, and pins come before. */
  readonly prefixPins: readonly ShardPin[];
  readonly shards: readonly ShardConfig[];
}

export type ShardKeyPart =
  | { readonly kind: "db" | "measurement" }
  | { readonly kind: "tag"; readonly name: string };

export interface ShardPin {
  /** One for each part of the key; of a prefix, the last ones may be absent and the last one given is a beginning. */
  readonly values: readonly string[];
  /** The name of the shard. */
  readonly shard: string;
}

/** A `[[http.shard]]` entry: outputs that are replicas of each other. */
export interface ShardConfig {
  readonly name: string;
  /** Its share of the keys is its part of the sum of all weights. */
  readonly weight: number;
  readonly outputs: readonly OutputConfig[];
}

/** An entry of a listener's `output`: one InfluxDB. */
export interface OutputConfig {
  readonly name: string;
  /** `scheme://host:port`. */
  readonly origin: string;
  /** Where writes go below the origin, as `/write`. */
  readonly writePath: string;
  /** Present if it is written to by the 2.x API. */
  readonly v2: V2Config | undefined;
  readonly timeoutMs: number;
  /** Of what is kept in memory; with a spool, of what may not go to disk. 0 keeps none of it. */
  readonly bufferSize: number;
  readonly maxBatchBytes: number;
  readonly maxDelayIntervalMs: number;
  /** How often it is asked whether it is there, while nothing is heard from it. */
  readonly healthCheckIntervalMs: number;
  /** Bytes a second that are sent of what it missed, over all its databases. */
  readonly drainMaxRate: number;
  readonly skipTlsVerification: boolean;
  /** Paths of PEM files. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly gzip: boolean;
  /** Its part of the queries, beside the other outputs; 0 for none. */
  readonly weight: number;
  readonly maxConcurrentQueries: number;
  /** Used instead of the client's. The value of an Authorization header. */
  readonly authorization: Secret | undefined;
}

/** What only an output of `kind = "v2"` has. */
export interface V2Config {
  readonly org: string;
  /** With `{db}` and `{rp}` for a write's database and retention policy. */
  readonly bucket: string;
}

/** A `[[udp]]` entry: into an HTTP listener's replicas, or out again as UDP. */
export interface UdpListenerConfig {
  readonly name: string;
  readonly bindAddr: Address;
  /** Bytes of the kernel's receive buffer. */
  readonly readBuffer: number;
  readonly reusePort: boolean;
  readonly precision: string;
  readonly to: UdpToHttp | UdpToUdp;
}

export interface UdpToHttp {
  readonly kind: "http";
  /** Name of the `[[http]]` listener. */
  readonly listener: string;
  readonly database: string;
  readonly retentionPolicy: string;
  /** Lines. */
  readonly batchSize: number;
  readonly batchTimeoutMs: number;
}

export interface UdpToUdp {
  readonly kind: "udp";
  readonly outputs: readonly { readonly name: string; readonly address: Address; readonly mtu: number }[];
}
