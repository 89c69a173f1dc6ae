import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCapabilities, RUNTIMES, type Runtime } from "../../src/config/capabilities.ts";
import { configFromObject } from "../../src/config/parse.ts";
import { ConfigError } from "../../src/errors.ts";

const OUTPUT = { name: "a", location: "http://127.0.0.1:8086/write" };
const HTTP = { name: "main", "bind-addr": "127.0.0.1:9096", output: [OUTPUT] };
const UDP = { name: "in", "bind-addr": "127.0.0.1:9096", to: "main", database: "db" };

/** The places at which a runtime refuses a config; none if it takes it. */
function refused(runtime: Runtime, tree: object): string[] {
  const config = configFromObject(tree, { name: "test", env: () => undefined, readFile: () => "" });
  try {
    checkCapabilities(config, "test", runtime);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ path }) => path);
  }
}

test("every runtime takes a config that leaves the options at their defaults", () => {
  for (const runtime of ["node", "deno", "workers"] as const) {
    assert.deepEqual(refused(runtime, { http: [HTTP] }), [], runtime);
  }
});

test("an option that is given its default is not used", () => {
  const given = {
    ...HTTP,
    "max-connections": 10_000,
    "request-timeout": "30s",
    output: [{ ...OUTPUT, "buffer-size-mb": 64 }],
  };
  assert.deepEqual(refused("workers", { http: [given] }), []);
});

test("an option is refused where the runtime cannot do what it says", () => {
  const everything = {
    http: [
      {
        ...HTTP,
        "reuse-port": true,
        "ssl-combined-pem": "a.pem",
        "max-connections": 5,
        "request-timeout": "1s",
        output: [
          {
            ...{
              ...OUTPUT,
              location: "https://a/write",
              ca: "ca.pem",
              "buffer-size-mb": 1,
              "max-batch-kb": 50,
            },
            "health-check-interval": "2s",
          },
        ],
      },
      { ...HTTP, name: "other", "bind-addr": "127.0.0.1:9097" },
    ],
    udp: [{ ...UDP, "read-buffer": 1000, "reuse-port": true }],
  };
  assert.deepEqual(refused("node", everything), []);
  assert.deepEqual(refused("deno", everything), [
    "http[0].reuse-port",
    "http[0].max-connections",
    "udp[0].read-buffer",
    "udp[0].reuse-port",
  ]);
  assert.deepEqual(refused("workers", everything), [
    "http[0].reuse-port",
    "http[0].ssl-combined-pem",
    "http[0].max-connections",
    "http[0].request-timeout",
    "http[0].output[0]",
    "http[0].output[0].health-check-interval",
    "http[0].output[0].buffer-size-mb",
    "http[0].output[0].max-batch-kb",
    "http[1]",
    "udp[0]",
    "udp[0].read-buffer",
    "udp[0].reuse-port",
  ]);
});

test("a spool is for every runtime, but on workers nobody chooses when it is durable or takes commands", () => {
  const spool = { dir: "d", grace: "0s", "when-full": "refuse" };
  const chosen = { ...spool, fsync: "always", "fsync-interval": "1s" };
  const admin = { "bind-addr": "127.0.0.1:9097" };
  for (const runtime of ["node", "deno", "workers"] as const) {
    assert.deepEqual(refused(runtime, { http: [HTTP], spool }), [], runtime);
    assert.deepEqual(
      refused(runtime, { http: [HTTP], spool: chosen, admin }),
      runtime === "workers" ? ["spool.fsync", "spool.fsync-interval", "admin"] : [],
      runtime,
    );
  }
});

test("on workers nothing is recovered by itself, so nobody may choose how", () => {
  const of = (recovery: object) => refused("workers", { http: [HTTP], recovery });
  assert.deepEqual(of({ mode: "manual", "check-every": "0s" }), []);
  assert.deepEqual(of({ "check-every": "2h" }), ["recovery"]);
  assert.deepEqual(of({ "quiet-hours": "22:00-06:00" }), ["recovery"]);
  assert.deepEqual(refused("node", { http: [HTTP], recovery: { "check-every": "2h" } }), []);
});

test("whoever wants nothing to be kept needs no buffer", () => {
  assert.deepEqual(
    refused("workers", { http: [{ ...HTTP, output: [{ ...OUTPUT, "buffer-size-mb": 0 }] }] }),
    [],
  );
});

test("the message names the listener, the need and the reason", () => {
  const tree = { http: [{ ...HTTP, "max-connections": 5 }] };
  const config = configFromObject(tree, { name: "test", env: () => undefined, readFile: () => "" });
  const reason = RUNTIMES.deno["connection-limit"];
  assert.throws(() => checkCapabilities(config, "relay.toml", "deno"), {
    message: `relay.toml: http[0].max-connections: listener "main" needs a limit of connections (max-connections), which deno lacks: ${reason}`,
  });
});
