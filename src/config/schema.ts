import * as v from "valibot";
import { adminSchema } from "./admin-schema.ts";
import { bucket } from "./bucket.ts";
import type { Address } from "./config.ts";
import {
  bindAddress,
  choice,
  choices,
  datagramLocation,
  duration,
  emptyableText,
  flag,
  httpLocation,
  info,
  password,
  plainText,
  table,
  text,
  token,
  username,
  wholeNumber,
} from "./options.ts";
import { recoverySchema } from "./recovery-schema.ts";
import { MAX_SHARD_WEIGHT } from "./shard-key.ts";
import { pins, shardBy, shardName } from "./shard-options.ts";
import { spoolSchema } from "./spool-schema.ts";
import { STATEMENTS } from "./statements.ts";

/** Bytes of what the original relay's keys call KB and MB. */
export const KB = 1024;
export const MB = 1024 * KB;

/** A list of tables: `[[key]]`, or inline `key = [{ ... }]`. */
function tables<const TItem extends v.GenericSchema>(item: TItem, form: string) {
  return v.pipe(v.array(item, `must be ${form}`), v.nonEmpty(`must be ${form}`));
}

/** The entries of one kind of listener, of which there may be none. */
function listeners<const TEntry extends v.GenericSchema>(entry: TEntry, key: string, about: string) {
  const form = `a list of tables: write [[${key}]]`;
  return v.pipe(v.optional(v.array(entry, `must be ${form}`), []), info({ about, form, fallback: "none" }));
}

/** What an `output` must be; also told where it is missing. */
export const OUTPUTS =
  'a list of at least one table such as { name = "a", location = "http://127.0.0.1:8086/write" }';
const UDP_OUTPUTS = 'a list of at least one table such as { name = "a", location = "127.0.0.1:8089" }';
const SHARDS = "a list of at least one table: write [[http.shard]]";
const DENY = 'a list of first words of statements, such as "DROP", "CREATE DATABASE" or "SELECT INTO"';
const AUTH = 'a list of { username, password } or { token } tables, or "none"';

const outputSchema = table({
  name: emptyableText("Names the InfluxDB server in logs, metrics and paths.", "host:port of the location"),
  location: httpLocation(
    'URL of the write endpoint; without a path, /write is meant, or /api/v2/write with kind = "v2".',
  ),
  kind: choice(
    "The API that the server is written to by: that of InfluxDB 1.x, or of 2.x, through which it answers no queries.",
    ["v1", "v2"],
    "v1",
  ),
  org: text('Organization of the buckets; needed with kind = "v2", and only there.', "none"),
  bucket: bucket(
    'Bucket of the points; {db} and {rp} stand for their database and retention policy. Only with kind = "v2".',
  ),
  timeout: duration({
    about: "How long a request to this server may take.",
    fallback: "10s",
    max: "24h",
    emptyIsDefault: true,
  }),
  "buffer-size-mb": wholeNumber({
    about:
      "How much is kept in memory for this server while it does not take writes; 0 keeps nothing. With [spool], of what may not go to disk.",
    unit: "MiB",
    fallback: 64,
    min: 0,
    max: 1_048_576,
  }),
  "max-batch-kb": wholeNumber({
    about: "The largest request that waiting writes are joined into; 0 joins nothing.",
    unit: "KiB",
    fallback: 1024,
    min: 0,
    max: 1_048_576,
  }),
  "max-delay-interval": duration({
    about: "The longest wait between two attempts to reach a server that does not take writes.",
    fallback: "10s",
    max: "24h",
    emptyIsDefault: true,
  }),
  "health-check-interval": duration({
    about: "How often this server is asked whether it is there while nothing is written to it.",
    fallback: "1s",
    min: "100ms",
    max: "1h",
  }),
  "drain-max-mb-per-second": wholeNumber({
    about: "How fast this server is sent what it missed, over all its databases.",
    unit: "MiB a second",
    fallback: 16,
    min: 1,
    max: 100_000,
  }),
  "skip-tls-verification": flag("Accepts any certificate of an https location. Insecure."),
  ca: text("PEM file with the authorities that the server's certificate is checked against.", "the system's"),
  cert: text("PEM file with the client certificate shown to the server.", "none"),
  key: text("PEM file with the key of the client certificate.", "none"),
  gzip: flag("Compresses the writes to this server."),
  weight: wholeNumber({
    about: "Its part of the queries, beside the other outputs; 0 gives it none.",
    unit: "parts",
    fallback: 1,
    min: 0,
    max: 1_000,
  }),
  "max-concurrent-queries": wholeNumber({
    about: "How many queries this server answers at a time; the next one goes elsewhere, or waits a second.",
    unit: "queries",
    fallback: 64,
    min: 1,
    max: 10_000,
  }),
  username: username("Used with the password instead of the client's credentials."),
  password: password("Used with the username instead of the client's credentials."),
  token: token("Used instead of the client's credentials."),
});

const shardSchema = table({
  name: shardName("Names the shard; the name decides which points it gets, so it must never change."),
  weight: wholeNumber({
    about: "How much it gets, beside the weights of the others.",
    unit: "shares",
    fallback: 1,
    min: 1,
    max: MAX_SHARD_WEIGHT,
  }),
  output: v.pipe(
    tables(outputSchema, OUTPUTS),
    info({ about: "The InfluxDB servers that get every write of the shard.", form: OUTPUTS }),
  ),
});

const authRuleSchema = table({
  username: username("A user that clients may be."),
  password: password("The user's password."),
  token: token("A token that clients may have."),
});

const auth = v.pipe(
  v.optional(
    // Chosen by the kind of value, so that the message is about what was meant.
    v.lazy((input) =>
      typeof input === "string" ? v.literal("none", `must be ${AUTH}`) : tables(authRuleSchema, AUTH),
    ),
  ),
  info({
    about: 'Who may use the listener. Without it, or with "none", the client\'s credentials are passed on.',
    form: AUTH,
    fallback: '"none"',
  }),
);

const httpOptions = {
  name: emptyableText("Names the listener.", "http- and the entry's number, as http-1"),
  "default-retention-policy": plainText(
    "Used for writes that name no retention policy; empty: the database's.",
  ),
  "ssl-combined-pem": emptyableText(
    "PEM file with certificate chain and key; serves HTTPS.",
    "none: plain HTTP",
  ),
  consistency: choice(
    "How many outputs must store a write before it is acknowledged.",
    ["any", "one", "quorum", "all"],
    "one",
  ),
  "honour-consistency": flag("Lets the consistency parameter of a request rule."),
  auth,
  "max-body-size": wholeNumber({
    about: "The largest body, as sent and inflated.",
    unit: "bytes",
    fallback: 25_000_000,
    min: 1,
    max: 1_073_741_824,
  }),
  "max-connections": wholeNumber({
    about: "How many clients may be connected at once.",
    unit: "connections",
    fallback: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  "request-timeout": duration({
    about: "How long a request may take to arrive whole.",
    fallback: "30s",
    max: "24h",
  }),
  "reuse-port": flag(
    "Lets several relay processes listen on the same port; the kernel spreads the connections.",
  ),
  query: choice(
    "Which of the outputs that have everything a query goes to: spread over all by weight, or the first.",
    ["spread", "first"],
    "spread",
  ),
  "query-timeout": duration({
    about: "How long a query's answer may take to begin, and to go on.",
    fallback: "5m",
    max: "24h",
  }),
  "sync-wait": duration({
    about: "How long a query waits for an output that has every write acknowledged before it.",
    fallback: "500ms",
    min: "0s",
    max: "1m",
  }),
  "max-rows-pulled": wholeNumber({
    about:
      "With shards: how many points a statement may fetch that is computed from the points of several shards.",
    unit: "points",
    fallback: 1_000_000,
    min: 0,
    max: 1_000_000_000,
  }),
  "read-only": flag("Refuses statements that change something."),
  deny: choices("Statements that are refused, by their first words.", DENY, STATEMENTS),
  output: v.pipe(
    v.optional(tables(outputSchema, OUTPUTS)),
    info({
      about: "The InfluxDB servers that get every write; or else shard.",
      form: OUTPUTS,
      fallback: "none",
    }),
  ),
  "shard-by": shardBy("What divides the points among the shards; needed with shard. Never change it."),
  pin: pins(
    "The shards of single keys. Where a key has several parts, with commas between them.",
    '{ acme = "s1" }',
  ),
  "pin-prefix": pins(
    "The shards of all keys that begin so; the longest one counts, and pin comes before.",
    '{ "eu-" = "s2" }',
  ),
  shard: v.pipe(
    v.optional(tables(shardSchema, SHARDS)),
    info({
      about: "Sets of InfluxDB servers, each of which gets its part of the points; or else output.",
      form: SHARDS,
      fallback: "none",
    }),
  ),
};

/** A listener by where it is reached, in the order in which the keys are told. */
function httpTable<const TAddress extends v.GenericSchema<string | undefined, Address>>(address: TAddress) {
  const { name, ...others } = httpOptions;
  return table({ name, "bind-addr": address, ...others });
}

const httpSchema = httpTable(bindAddress("TCP address to listen on; port 0 lets the system choose."));

/** Whoever knows its URL reaches a listener without an address: as if it listened on every interface. */
const noAddress = v.pipe(
  v.optional(v.literal("", "must be left out: there are no addresses to listen on"), ""),
  v.transform((): Address => ({ host: "", port: 0 })),
);

const udpOutputSchema = table({
  name: emptyableText("Names the receiver in logs and metrics.", "the location"),
  location: datagramLocation("Where datagrams are sent."),
  mtu: wholeNumber({
    about: "The largest payload of a datagram; larger ones are split between lines.",
    unit: "bytes",
    fallback: 1024,
    min: 1,
    max: 65_535,
    zeroIsDefault: true,
  }),
});

const udpSchema = table({
  name: emptyableText("Names the listener.", "udp- and the entry's number, as udp-1"),
  "bind-addr": bindAddress("UDP address to listen on; port 0 lets the system choose."),
  "read-buffer": wholeNumber({
    about: "The kernel's receive buffer; a burst that does not fit is lost.",
    unit: "bytes",
    fallback: 4_194_304,
    min: 1,
    max: 2_147_483_647,
    zeroIsDefault: true,
  }),
  "reuse-port": flag("Lets several relay processes listen on the same port; the kernel spreads the senders."),
  precision: choice(
    "Unit of the timestamps, in and out; empty: nanoseconds.",
    ["", "n", "ns", "u", "ms", "s", "m", "h"],
    "",
  ),
  output: v.pipe(
    v.optional(tables(udpOutputSchema, UDP_OUTPUTS)),
    info({
      about: "Where the datagrams go on as datagrams; or else to.",
      form: UDP_OUTPUTS,
      fallback: "none",
    }),
  ),
  to: text("Name of the [[http]] listener whose outputs get the points; or else output.", "none"),
  database: text("Database of the points; needed with to.", "none"),
  "retention-policy": plainText("Retention policy of the points; empty: the database's. Only with to."),
  "batch-size": wholeNumber({
    about: "How many lines are joined into one write. Only with to.",
    unit: "lines",
    fallback: 5000,
    min: 1,
    max: 1_000_000,
  }),
  "batch-timeout": duration({
    about: "How long a line waits for others. Only with to.",
    fallback: "1s",
    max: "1h",
  }),
});

const logSchema = table({
  level: choice("The least important lines that are logged.", ["debug", "info", "warn", "error"], "info"),
  format: choice("auto: pretty on a terminal, JSON elsewhere.", ["auto", "json", "pretty"], "auto"),
});

function configTable<const THttp extends v.GenericSchema>(http: THttp) {
  return table({
    "shutdown-timeout": duration({
      about: "How long a stop waits for what is in flight.",
      fallback: "10s",
      max: "24h",
    }),
    log: v.pipe(
      v.optional(logSchema, {}),
      info({ about: "What is logged, and how.", form: "a table", fallback: "its keys' defaults" }),
    ),
    spool: v.pipe(
      v.optional(spoolSchema),
      info({
        about: "Keeps what servers lack on disk, so that it survives the relay.",
        form: "a table",
        fallback: "none: in memory only",
      }),
    ),
    admin: v.pipe(
      v.optional(adminSchema),
      info({ about: "Where the relay takes commands.", form: "a table", fallback: "none: nowhere" }),
    ),
    recovery: v.pipe(
      v.optional(recoverySchema, {}),
      info({
        about: "What is done by itself about servers that differ from their replicas.",
        form: "a table",
        fallback: "its keys' defaults",
      }),
    ),
    http: listeners(http, "http", "Listeners for writes over HTTP, each with its outputs."),
    udp: listeners(udpSchema, "udp", "Listeners for writes in datagrams."),
  });
}

/** The config file: every key with its meaning, default, unit and bounds. There is no second list of them. */
export const configSchema = configTable(httpSchema);
/** The same for a runtime without addresses: a listener must not name one. */
export const addresslessSchema = configTable(httpTable(noAddress));

/** The config as it is written. */
export type ConfigInput = v.InferInput<typeof configSchema>;
/** The config with every value checked, converted and completed, still under its own keys. */
export type ConfigValues = v.InferOutput<typeof configSchema>;
