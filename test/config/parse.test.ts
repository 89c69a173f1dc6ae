import assert from "node:assert/strict";
import test from "node:test";
import { configFromObject, parseConfig } from "../../src/config/parse.ts";
import { messageOf, problemsOf, source } from "./support.ts";

const OUTPUT = { location: "http://127.0.0.1:8086" };

test("the keys that the original relay did not have are read", () => {
  const config = configFromObject(
    {
      "shutdown-timeout": "3s",
      log: { level: "debug", format: "json" },
      http: [
        {
          name: "main",
          "bind-addr": "127.0.0.1:0",
          consistency: "quorum",
          "honour-consistency": true,
          auth: [{ username: "u", password: "p" }, { token: "t" }],
          "max-body-size": 1000,
          "max-connections": 7,
          "request-timeout": "2s",
          output: [
            {
              location: "https://influx/base/write",
              username: "ü",
              password: "p:w",
              ca: "ca.pem",
              cert: "cert.pem",
              key: "key.pem",
              gzip: true,
            },
            { location: "http://[::1]:8086/", token: "a b" },
          ],
        },
      ],
      udp: [
        {
          "bind-addr": "127.0.0.1:0",
          to: "main",
          database: "telegraf",
          "retention-policy": "week",
          "batch-size": 10,
          "batch-timeout": "20ms",
        },
      ],
    },
    source(),
  );
  assert.deepEqual([config.shutdownTimeoutMs, config.logLevel, config.logFormat], [3_000, "debug", "json"]);
  const [listener] = config.http;
  assert.ok(listener);
  assert.deepEqual([listener.consistency, listener.honourConsistency], ["quorum", true]);
  assert.deepEqual(
    [listener.maxBodySize, listener.maxConnections, listener.requestTimeoutMs],
    [1_000, 7, 2_000],
  );
  const rules = listener.auth.map((rule) =>
    "token" in rule ? rule.token.reveal() : [rule.username, rule.password.reveal()],
  );
  assert.deepEqual(rules, [["u", "p"], "t"]);
  const [first, second] = listener.outputs;
  assert.deepEqual(
    [first?.origin, first?.writePath, first?.name],
    ["https://influx", "/base/write", "influx:443"],
  );
  assert.deepEqual(
    [first?.ca, first?.cert, first?.key, first?.gzip],
    ["ca.pem", "cert.pem", "key.pem", true],
  );
  // printf 'ü:p:w' | base64
  assert.equal(first?.authorization?.reveal(), "Basic w7w6cDp3");
  assert.deepEqual([second?.origin, second?.writePath], ["http://[::1]:8086", "/write"]);
  assert.equal(second?.authorization?.reveal(), "Token a b");
  assert.deepEqual(config.udp[0]?.to, {
    kind: "http",
    listener: "main",
    database: "telegraf",
    retentionPolicy: "week",
    batchSize: 10,
    batchTimeoutMs: 20,
  });
});

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const HTTP = { "bind-addr": "127.0.0.1:0", output: [OUTPUT] };

test("without [spool] and [admin] there is neither", () => {
  const { spool, admin } = configFromObject({ http: [HTTP] }, source());
  assert.deepEqual([spool, admin], [undefined, undefined]);
});

test("without [recovery] what is known to be missing is copied by itself", () => {
  const { recovery } = configFromObject({ http: [HTTP] }, source());
  assert.deepEqual(recovery, {
    mode: "auto",
    checkEveryMs: 3_600_000,
    maxRate: 16 * 1024 ** 2,
    maxLoad: 25,
    quietHours: undefined,
  });
});

test("every key of [recovery] is read", () => {
  const given = {
    mode: "manual",
    "check-every": "0s",
    "max-rate-mb-per-second": 2,
    "max-load-percent": 100,
    "quiet-hours": "22:30-06:00",
  };
  const { recovery } = configFromObject({ recovery: given, http: [HTTP] }, source());
  assert.deepEqual(recovery, {
    mode: "manual",
    checkEveryMs: 0,
    maxRate: 2 * 1024 ** 2,
    maxLoad: 100,
    quietHours: { fromMinute: 22 * 60 + 30, untilMinute: 6 * 60 },
  });
});

test("a spool needs no more than a directory", () => {
  const { spool } = configFromObject({ spool: { dir: "/var/lib/influxdb-relay" }, http: [HTTP] }, source());
  assert.deepEqual(spool, {
    dir: "/var/lib/influxdb-relay",
    fsync: "interval",
    fsyncIntervalMs: 100,
    graceMs: 10,
    maxSize: 10 * 1024 ** 3,
    maxRecords: 100_000_000,
    maxAgeMs: 7 * 24 * 3_600_000,
    whenFull: "drop-oldest",
    holdMaxSize: 1024 ** 3,
    deadLetterMaxSize: 64 * 1024 ** 2,
    poisonAfterMs: 600_000,
    storeCredentials: false,
    credentialsKey: undefined,
  });
});

test("every key of the spool, of its drain and of the admin listener is read", () => {
  const { spool, admin, http } = configFromObject(
    {
      spool: {
        dir: "spool",
        fsync: "always",
        "fsync-interval": "2s",
        grace: "0s",
        "max-size-mb": 8,
        "max-records": 1,
        "max-age": "87600h",
        "when-full": "refuse",
        "hold-max-size-mb": 9,
        "dead-letter-max-mb": 10,
        "poison-after": "1m",
        "store-credentials": true,
        "credentials-key": KEY,
      },
      admin: {
        ...{ "bind-addr": "10.0.0.1:9097", token: "t" },
        ...{ peers: ["http://relay-2:9097/", "https://[::2]"], "peer-token": "p", "peer-ca": "ca.pem" },
      },
      http: [{ "bind-addr": "127.0.0.1:0", output: [{ ...OUTPUT, "drain-max-mb-per-second": 3 }] }],
    },
    source(),
  );
  const { credentialsKey, ...plain } = spool!;
  assert.deepEqual(plain, {
    dir: "spool",
    fsync: "always",
    fsyncIntervalMs: 2_000,
    graceMs: 0,
    maxSize: 8 * 1024 ** 2,
    maxRecords: 1,
    maxAgeMs: 315_360_000_000,
    whenFull: "refuse",
    holdMaxSize: 9 * 1024 ** 2,
    deadLetterMaxSize: 10 * 1024 ** 2,
    poisonAfterMs: 60_000,
    storeCredentials: true,
  });
  assert.equal(credentialsKey?.reveal(), KEY);
  assert.deepEqual([admin?.bindAddr, admin?.token?.reveal()], [{ host: "10.0.0.1", port: 9097 }, "t"]);
  assert.deepEqual(
    [admin?.peers, admin?.peerToken?.reveal(), admin?.peerCa],
    [["http://relay-2:9097", "https://[::2]"], "p", "ca.pem"],
  );
  assert.equal(http[0]?.outputs[0]?.drainMaxRate, 3 * 1024 ** 2);
});

test("the token of the peers is the own one unless given", () => {
  const of = (admin: object) =>
    configFromObject({ admin: { "bind-addr": ":9097", token: "t", ...admin }, http: [HTTP] }, source()).admin;
  const peers = ["http://relay-2:9097"];
  assert.equal(of({ peers })?.peerToken?.reveal(), "t");
  assert.equal(of({ peers, "peer-token": "p" })?.peerToken?.reveal(), "p");
  assert.equal(of({})?.peerToken, undefined);
});

test("an admin listener on a loopback address needs no token", () => {
  for (const address of ["127.0.0.1:9097", "localhost:0", "[::1]:9097"]) {
    const { admin } = configFromObject({ admin: { "bind-addr": address }, http: [HTTP] }, source());
    assert.equal(admin?.token, undefined, address);
  }
});

test("a config is frozen to its leaves", () => {
  const config = parseConfig(
    `
    [spool]
    dir = "spool"
    [admin]
    bind-addr = "127.0.0.1:9097"
    [[http]]
    bind-addr = "127.0.0.1:9096"
    auth = [{ token = "t" }]
    output = [{ location = "http://a", username = "u", password = "p" }]
    [[udp]]
    bind-addr = "127.0.0.1:9096"
    output = [{ location = "a:1" }]
    `,
    source(),
  );
  const seen: unknown[] = [];
  const walk = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    seen.push(value);
    assert.ok(Object.isFrozen(value), JSON.stringify(value));
    Object.values(value).forEach(walk);
  };
  walk(config);
  assert.ok(seen.length > 15, `only ${seen.length} objects were looked at`);
});

test("what is not TOML is reported by line and column", () => {
  assert.equal(
    messageOf(() => parseConfig('[[http]]\nbind-addr = "a', source())),
    "relay.toml:2:13: not TOML: unfinished string",
  );
  assert.equal(
    messageOf(() => parseConfig('[[http]]\nname = "a"\nname = "b"', source())),
    "relay.toml:3:1: not TOML: trying to redefine an already defined table or value",
  );
  assert.match(
    messageOf(() => parseConfig("__proto__ = 1", source())),
    /^relay\.toml:1:\d+: not TOML: /,
  );
});

test("a byte order mark before the text is no problem", () => {
  const text = `\ufeff[[http]]\nbind-addr = ":1"\noutput = [{ location = "http://a" }]`;
  assert.equal(parseConfig(text, source()).http.length, 1);
});

test("an object that is no config is reported as such", () => {
  assert.equal(
    messageOf(() => configFromObject(null, source())),
    "relay.toml: must be a table, found null",
  );
  assert.equal(
    messageOf(() => configFromObject([], source())),
    "relay.toml: must be a table, found a list",
  );
});

test("keys that every object has are unknown all the same", () => {
  const problems = problemsOf(`
    toString = 1
    [[http]]
    bind-addr = "127.0.0.1:0"
    valueOf = 2
    output = [{ location = "http://a" }]
  `);
  assert.deepEqual(
    problems.map((line) => line.split(";")[0]),
    ['unknown key "toString"', 'http[0]: unknown key "valueOf"'],
  );
});

test("http and udp may share an address, and port 0 collides with nothing", () => {
  const listener = { "bind-addr": "127.0.0.1:0", output: [OUTPUT] };
  const datagrams = { output: [{ location: "127.0.0.1:8089" }] };
  configFromObject(
    {
      http: [listener, listener, { ...listener, "bind-addr": "127.0.0.1:9096" }],
      udp: [{ ...datagrams, "bind-addr": "127.0.0.1:9096" }],
    },
    source(),
  );
});

test("listeners whose addresses cover each other collide", () => {
  const collisions: [string, string, boolean][] = [
    ["127.0.0.1:1", "127.0.0.1:1", true],
    ["[::0:1]:1", "[::1]:1", true],
    [":1", "127.0.0.1:1", true],
    ["[::1]:1", "[::]:1", true],
    ["0.0.0.0:1", "localhost:1", true],
    ["0.0.0.0:1", "[::1]:1", false],
    ["127.0.0.1:1", "127.0.0.2:1", false],
    ["127.0.0.1:1", "127.0.0.1:2", false],
  ];
  for (const [a, b, collide] of collisions) {
    const http = [a, b].map((address) => ({ "bind-addr": address, output: [OUTPUT] }));
    const run = () => configFromObject({ http }, source());
    if (collide) assert.match(messageOf(run), /^relay\.toml: http\[1\]\.bind-addr: must differ/, `${a} ${b}`);
    else assert.equal(run().http.length, 2);
  }
});

test("outputs with credentials need no auth on a loopback address, nor after auth none", () => {
  const output = [{ ...OUTPUT, token: "t" }];
  for (const address of ["127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1", "[::ffff:127.0.0.1]:1"]) {
    const { http } = configFromObject({ http: [{ "bind-addr": address, output }] }, source());
    assert.equal(http.length, 1, address);
  }
  const { http } = configFromObject({ http: [{ "bind-addr": ":1", auth: "none", output }] }, source());
  assert.deepEqual(http[0]?.auth, []);
});

test("a duration is rounded to whole milliseconds", () => {
  assert.equal(
    configFromObject(
      { "shutdown-timeout": "1600us", http: [{ "bind-addr": ":1", output: [OUTPUT] }] },
      source(),
    ).shutdownTimeoutMs,
    2,
  );
});
