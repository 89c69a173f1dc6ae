import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { describeConfig } from "../../src/config/describe.ts";
import { configFromObject, parseConfig } from "../../src/config/parse.ts";
import { source } from "./support.ts";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

test("a config is described with every default", () => {
  const config = parseConfig(
    `
    [spool]
    dir = "/var/lib/influxdb-relay"
    store-credentials = true
    credentials-key = "${KEY}"
    [admin]
    bind-addr = "127.0.0.1:9097"
    token = "t"
    [[http]]
    bind-addr = ":9096"
    auth = [{ username = "reader", password = "p" }, { token = "t" }]
    output = [{ location = "https://a", timeout = "90s", username = "wrïter", password = "p" }, { location = "http://[::1]:8086/x", token = "t" }]
    [[udp]]
    bind-addr = ":9096"
    to = "http-1"
    database = "d"
    `,
    source(),
  );
  assert.equal(
    describeConfig(config),
    `shutdown-timeout = "10s"

[log]
level = "info"
format = "auto"

[spool]
dir = "/var/lib/influxdb-relay"
fsync = "interval"
fsync-interval = "100ms"
grace = "10ms"
max-size-mb = 10240
max-records = 100000000
max-age = "168h0m0s"
when-full = "drop-oldest"
hold-max-size-mb = 1024
dead-letter-max-mb = 64
poison-after = "10m0s"
store-credentials = true
credentials-key = "***"

[admin]
bind-addr = "127.0.0.1:9097"
token = "***"

[recovery]
mode = "auto"
check-every = "1h0m0s"
max-rate-mb-per-second = 16
max-load-percent = 25

[[http]]
name = "http-1"
bind-addr = ":9096"
default-retention-policy = ""
consistency = "one"
honour-consistency = false
max-body-size = 25000000
max-connections = 10000
request-timeout = "30s"
reuse-port = false
query = "spread"
query-timeout = "5m0s"
sync-wait = "500ms"
max-rows-pulled = 1000000
read-only = false
deny = []

[[http.auth]]
username = "reader"
password = "***"

[[http.auth]]
token = "***"

[[http.output]]
name = "a:443"
location = "https://a/write"
kind = "v1"
timeout = "1m30s"
buffer-size-mb = 64
max-batch-kb = 1024
max-delay-interval = "10s"
health-check-interval = "1s"
drain-max-mb-per-second = 16
skip-tls-verification = false
gzip = false
weight = 1
max-concurrent-queries = 64
username = "wrïter"
password = "***"

[[http.output]]
name = "[::1]:8086"
location = "http://[::1]:8086/x"
kind = "v1"
timeout = "10s"
buffer-size-mb = 64
max-batch-kb = 1024
max-delay-interval = "10s"
health-check-interval = "1s"
drain-max-mb-per-second = 16
skip-tls-verification = false
gzip = false
weight = 1
max-concurrent-queries = 64
token = "***"

[[udp]]
name = "udp-1"
bind-addr = ":9096"
read-buffer = 4194304
reuse-port = false
precision = ""
to = "http-1"
database = "d"
retention-policy = ""
batch-size = 5000
batch-timeout = "1s"
`,
  );
});

const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.string({ minLength: 1, unit: fc.constantFrom("$", "{", "}", '"', "\\", "\n", "ü", "A") }),
);
const address = fc
  .tuple(fc.constantFrom("", "127.0.0.1", "[::1]", "example.org"), fc.nat(65_535))
  .map(([host, port]) => `${host}:${port}`);
const duration = fc.integer({ min: 1, max: 86_400_000 }).map((ms) => `${ms}ms`);
const credentials = fc.constantFrom({}, { username: "u", password: "p" }, { token: "t" });

const httpOutput = fc
  .record(
    {
      timeout: duration,
      "buffer-size-mb": fc.nat(1_048_576),
      "max-batch-kb": fc.nat(1_048_576),
      "max-delay-interval": duration,
      "health-check-interval": fc.integer({ min: 100, max: 3_600_000 }).map((ms) => `${ms}ms`),
      "drain-max-mb-per-second": fc.integer({ min: 1, max: 100_000 }),
      "skip-tls-verification": fc.boolean(),
      ca: text,
      gzip: fc.boolean(),
      weight: fc.nat(1_000),
      "max-concurrent-queries": fc.integer({ min: 1, max: 10_000 }),
    },
    { requiredKeys: [] },
  )
  .chain((options) =>
    credentials.map((own) => ({ location: "https://a.example:8443/base/write", ...options, ...own })),
  );

const httpListener = fc
  .record(
    {
      "default-retention-policy": text,
      "ssl-combined-pem": text,
      consistency: fc.constantFrom("any", "one", "quorum", "all"),
      "honour-consistency": fc.boolean(),
      "max-body-size": fc.integer({ min: 1, max: 1_073_741_824 }),
      "max-connections": fc.integer({ min: 1, max: 1_000_000 }),
      "request-timeout": duration,
      query: fc.constantFrom("spread", "first"),
      "query-timeout": duration,
      "sync-wait": fc.nat(60_000).map((ms) => `${ms}ms`),
      "max-rows-pulled": fc.nat(1_000_000_000),
      "read-only": fc.boolean(),
      deny: fc.uniqueArray(fc.constantFrom("DROP", "CREATE DATABASE", "select into")),
    },
    { requiredKeys: [] },
  )
  .chain((options) =>
    fc.tuple(address, fc.array(httpOutput, { minLength: 1, maxLength: 3 })).map(([bind, outputs]) => ({
      ...options,
      "bind-addr": bind,
      auth: "none",
      output: outputs.map((output, index) => ({ ...output, name: `output ${index}` })),
    })),
  );

const udpTarget = fc.oneof(
  fc.record({
    to: fc.constant("the http one"),
    database: text,
    "batch-size": fc.integer({ min: 1, max: 9 }),
    "batch-timeout": fc.constant("1.5s"),
  }),
  fc.record({ output: fc.constant([{ location: "[::1]:8089", mtu: 512 }, { location: "b:1" }]) }),
);

const longDuration = fc.integer({ min: 1, max: 315_360_000_000 }).map((ms) => `${ms}ms`);
const spoolSize = fc.integer({ min: 8, max: 1_048_576 });

const spool = fc.record(
  {
    dir: text,
    fsync: fc.constantFrom("always", "interval", "never"),
    "fsync-interval": fc.integer({ min: 1, max: 3_600_000 }).map((ms) => `${ms}ms`),
    grace: fc.nat(10_000).map((ms) => `${ms}ms`),
    "max-size-mb": spoolSize,
    "max-records": fc.integer({ min: 1, max: 10_000_000_000 }),
    "max-age": longDuration,
    "when-full": fc.constantFrom("drop-oldest", "refuse"),
    "hold-max-size-mb": spoolSize,
    "dead-letter-max-mb": spoolSize,
    "poison-after": longDuration,
  },
  { requiredKeys: ["dir"] },
);
const PEERS = {
  "bind-addr": ":0",
  token: "***",
  peers: ["https://relay-2"],
  "peer-token": "***",
  "peer-ca": "ca",
};
const own = fc.record({
  spool: fc.option(fc.oneof(spool, spool.map(withKey)), { nil: undefined }),
  admin: fc.constantFrom(
    undefined,
    { "bind-addr": "127.0.0.1:0" },
    { "bind-addr": "[::]:0", token: "***" },
    PEERS,
  ),
  recovery: fc.record(
    {
      mode: fc.constantFrom("auto", "manual"),
      "check-every": fc.nat(2_000_000_000).map((ms) => `${ms}ms`),
      "max-rate-mb-per-second": fc.integer({ min: 1, max: 100_000 }),
      "max-load-percent": fc.integer({ min: 1, max: 100 }),
      "quiet-hours": fc.constantFrom("22:00-06:30", "00:00-23:59"),
    },
    { requiredKeys: [] },
  ),
});

function withKey<TSpool extends object>(options: TSpool) {
  return { ...options, "store-credentials": true, "credentials-key": KEY };
}

const precisions = fc.constantFrom("", "n", "ns", "u", "ms", "s", "m", "h");

/** The tree as a config file would have to say it. */
function escaped(tree: unknown): unknown {
  if (typeof tree === "string") return tree.split("${").join("$${");
  if (Array.isArray(tree)) return tree.map(escaped);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, escaped(value)]));
}

test("what is described is read as the same config", () => {
  fc.assert(
    fc.property(
      text,
      httpListener,
      address,
      udpTarget,
      precisions,
      own,
      (name, listener, bind, target, precision, tables) => {
        const to = "to" in target ? { ...target, to: name } : target;
        const tree = {
          ...tables,
          http: [{ ...listener, name }],
          udp: [{ name: "the udp one", "bind-addr": bind, precision, ...to }],
        };
        const config = configFromObject(escaped(tree), source());
        assert.equal(config.http[0]?.name, name);
        const described = describeConfig(config).replace(
          'credentials-key = "***"',
          `credentials-key = "${KEY}"`,
        );
        const again = parseConfig(described, source());
        assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(config)));
      },
    ),
    { numRuns: 200 },
  );
});

test("a config without http listeners is described and read again", () => {
  const text = '[[udp]]\nbind-addr = ":1"\noutput = [{ location = "a:1" }]';
  const config = parseConfig(text, source());
  assert.ok(!describeConfig(config).includes("http"));
  assert.deepEqual(parseConfig(describeConfig(config), source()), config);
});

test("what is described is not taken for a config with a credentials-key", () => {
  const spool = { dir: "d", "store-credentials": true, "credentials-key": KEY };
  const config = configFromObject(
    { spool, udp: [{ "bind-addr": ":1", output: [{ location: "a:1" }] }] },
    source(),
  );
  assert.throws(
    () => parseConfig(describeConfig(config), source()),
    /spool\.credentials-key: must be 32 bytes/,
  );
});
