import assert from "node:assert/strict";
import test from "node:test";
import { parseConfig } from "../../src/config/parse.ts";
import { source } from "./support.ts";

const load = (text: string) => parseConfig(text, source());

test("the original relay's plain sample loads", () => {
  const { http, udp, shutdownTimeoutMs, logLevel, logFormat } = load(`
    [[http]]
    name = "example-http"
    bind-addr = "127.0.0.1:9096"
    output = [
        { name="local1", location = "http://127.0.0.1:8086/write" },
        { name="local2", location = "http://127.0.0.1:7086/write" },
    ]

    [[udp]]
    name = "example-udp"
    bind-addr = "127.0.0.1:9096"
    read-buffer = 0 # default
    output = [
        { name="local1", location="127.0.0.1:8089", mtu=512 },
        { name="local2", location="127.0.0.1:7089", mtu=1024 },
    ]
  `);
  const output = {
    writePath: "/write",
    v2: undefined,
    timeoutMs: 10_000,
    bufferSize: 67_108_864,
    maxBatchBytes: 1_048_576,
    maxDelayIntervalMs: 10_000,
    healthCheckIntervalMs: 1_000,
    drainMaxRate: 16 * 1024 * 1024,
    skipTlsVerification: false,
    ca: undefined,
    cert: undefined,
    key: undefined,
    gzip: false,
    weight: 1,
    maxConcurrentQueries: 64,
    authorization: undefined,
  };
  assert.deepEqual(http, [
    {
      name: "example-http",
      bindAddr: { host: "127.0.0.1", port: 9096 },
      defaultRetentionPolicy: "",
      sslCombinedPem: undefined,
      consistency: "one",
      honourConsistency: false,
      auth: [],
      maxBodySize: 25_000_000,
      maxConnections: 10_000,
      reusePort: false,
      query: "spread",
      queryTimeoutMs: 300_000,
      syncWaitMs: 500,
      maxRowsPulled: 1_000_000,
      readOnly: false,
      deny: [],
      requestTimeoutMs: 30_000,
      outputs: [
        { name: "local1", origin: "http://127.0.0.1:8086", ...output },
        { name: "local2", origin: "http://127.0.0.1:7086", ...output },
      ],
      sharding: undefined,
    },
  ]);
  assert.deepEqual(udp, [
    {
      name: "example-udp",
      bindAddr: { host: "127.0.0.1", port: 9096 },
      readBuffer: 4_194_304,
      reusePort: false,
      precision: "",
      to: {
        kind: "udp",
        outputs: [
          { name: "local1", address: { host: "127.0.0.1", port: 8089 }, mtu: 512 },
          { name: "local2", address: { host: "127.0.0.1", port: 7089 }, mtu: 1024 },
        ],
      },
    },
  ]);
  assert.deepEqual([shutdownTimeoutMs, logLevel, logFormat], [10_000, "info", "auto"]);
});

test("the original relay's buffered sample loads", () => {
  const { http } = load(`
    [[http]]
    name = "example-http"
    bind-addr = "127.0.0.1:9096"
    output = [
        { name="local1", location = "http://127.0.0.1:8086/write", buffer-size-mb = 100, max-batch-kb = 50, max-delay-interval = "5s" },
        { name="local2", location = "http://127.0.0.1:7086/write", buffer-size-mb = 100, max-batch-kb = 50, max-delay-interval = "5s" },
    ]
  `);
  const sizes = http[0]?.outputs.map((output) => [
    output.bufferSize,
    output.maxBatchBytes,
    output.maxDelayIntervalMs,
  ]);
  assert.deepEqual(sizes, [
    [104_857_600, 51_200, 5_000],
    [104_857_600, 51_200, 5_000],
  ]);
});

test("every option of the original relay is read, without a name as well", () => {
  const { http, udp } = load(`
    [[http]]
    bind-addr = ":9096"
    ssl-combined-pem = "/etc/ssl/influxdb-relay.pem"
    default-retention-policy = "weekly"
    output = [
        { location="https://influx-1/write", timeout="1m30s", skip-tls-verification=true },
        { location="http://influx-2:8086/write", timeout="1.5h", buffer-size-mb=0 },
    ]

    [[udp]]
    bind-addr = "[::1]:9096"
    precision = "n"
    read-buffer = 65536
    output = [{ location="influx-1:8089" }]
  `);
  const [listener] = http;
  assert.equal(listener?.name, "http-1");
  assert.deepEqual(listener.bindAddr, { host: "", port: 9096 });
  assert.equal(listener.sslCombinedPem, "/etc/ssl/influxdb-relay.pem");
  assert.equal(listener.defaultRetentionPolicy, "weekly");
  assert.deepEqual(
    listener.outputs.map((output) => [
      output.name,
      output.timeoutMs,
      output.skipTlsVerification,
      output.bufferSize,
    ]),
    [
      ["influx-1:443", 90_000, true, 67_108_864],
      ["influx-2:8086", 5_400_000, false, 0],
    ],
  );
  assert.deepEqual(udp[0], {
    name: "udp-1",
    bindAddr: { host: "::1", port: 9096 },
    readBuffer: 65_536,
    reusePort: false,
    precision: "n",
    to: {
      kind: "udp",
      outputs: [{ name: "influx-1:8089", address: { host: "influx-1", port: 8089 }, mtu: 1024 }],
    },
  });
});

test("what the original relay took as unset is the default", () => {
  const { http, udp } = load(`
    [[http]]
    name = ""
    bind-addr = "127.0.0.1:9096"
    ssl-combined-pem = ""
    output = [{ name="", location="http://a:8086", timeout="", max-delay-interval="" }]

    [[udp]]
    name = ""
    bind-addr = "127.0.0.1:9096"
    output = [{ name="", location="a:8089", mtu=0 }]
  `);
  assert.equal(http[0]?.name, "http-1");
  assert.equal(http[0].sslCombinedPem, undefined);
  const { name, writePath, timeoutMs, maxBatchBytes, maxDelayIntervalMs } = http[0].outputs[0]!;
  assert.deepEqual(
    { name, writePath, timeoutMs, maxBatchBytes, maxDelayIntervalMs },
    {
      name: "a:8086",
      writePath: "/write",
      timeoutMs: 10_000,
      maxBatchBytes: 1_048_576,
      maxDelayIntervalMs: 10_000,
    },
  );
  assert.equal(udp[0]?.name, "udp-1");
  assert.deepEqual(udp[0].to, {
    kind: "udp",
    outputs: [{ name: "a:8089", address: { host: "a", port: 8089 }, mtu: 1024 }],
  });
});
