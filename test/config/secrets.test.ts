import assert from "node:assert/strict";
import test from "node:test";
import { describeConfig } from "../../src/config/describe.ts";
import { configFromObject, parseConfig } from "../../src/config/parse.ts";
import { warnings } from "../../src/config/warnings.ts";
import { messageOf, source } from "./support.ts";

const CANARY = "Kanarienvogel";
/** 44 characters of base64. */
const KEY = `${CANARY}${"A".repeat(43 - CANARY.length)}=`;
/** As it would stand in a header. */
const ENCODED = [CANARY, btoa(`u:${CANARY}`), btoa(CANARY)];

function assertSilent(text: string) {
  for (const secret of ENCODED) assert.ok(!text.includes(secret), text);
}

/** A valid config with every key there is. */
function everyKey() {
  const output = {
    name: "a",
    location: "https://a:8086/write",
    timeout: "1s",
    "buffer-size-mb": 1,
    "max-batch-kb": 1,
    "max-delay-interval": "1s",
    "health-check-interval": "1s",
    "drain-max-mb-per-second": 1,
    "skip-tls-verification": true,
    ca: "ca",
    cert: "cert",
    key: "key",
    gzip: true,
    username: "u",
    password: CANARY,
  };
  return {
    "shutdown-timeout": "1s",
    spool: {
      dir: "spool",
      fsync: "interval",
      "fsync-interval": "1s",
      grace: "1s",
      "max-size-mb": 8,
      "max-records": 1,
      "max-age": "1s",
      "when-full": "refuse",
      "hold-max-size-mb": 8,
      "dead-letter-max-mb": 8,
      "poison-after": "1s",
      "store-credentials": true,
      "credentials-key": KEY,
    },
    admin: { "bind-addr": "10.0.0.1:0", token: CANARY, peers: ["http://b:9097"], "peer-token": CANARY },
    log: { level: "info", format: "json" },
    http: [
      {
        name: "main",
        "bind-addr": "127.0.0.1:0",
        "default-retention-policy": "rp",
        "ssl-combined-pem": "pem",
        consistency: "one",
        "honour-consistency": true,
        auth: [{ username: "u", password: CANARY }, { token: CANARY }],
        "max-body-size": 1,
        "max-connections": 1,
        "request-timeout": "1s",
        output: [output, { name: "b", location: "https://b", token: CANARY }],
      },
    ],
    udp: [
      {
        name: "in",
        "bind-addr": "127.0.0.1:0",
        "read-buffer": 1,
        precision: "s",
        to: "main",
        database: "d",
        "retention-policy": "rp",
        "batch-size": 1,
        "batch-timeout": "1s",
      },
      { name: "out", "bind-addr": "127.0.0.1:0", output: [{ name: "c", location: "c:1", mtu: 1 }] },
    ],
  };
}

/** The keys of every leaf and branch of `tree`, but for the tree itself. */
function places(tree: unknown, keys: (string | number)[] = []): (string | number)[][] {
  if (typeof tree !== "object" || tree === null) return [keys];
  const inner = Object.entries(tree).flatMap(([key, value]) => places(value, [...keys, key]));
  return keys.length === 0 ? inner : [keys, ...inner];
}

function plant(tree: object, keys: readonly (string | number)[], value: unknown) {
  let parent = tree as Record<string | number, unknown>;
  for (const key of keys.slice(0, -1)) parent = parent[key] as typeof parent;
  parent[keys.at(-1)!] = value;
}

test("no secret is in the description, the warnings or the config as JSON", () => {
  const config = configFromObject(everyKey(), source());
  assertSilent(describeConfig(config));
  assertSilent(JSON.stringify(config));
  assertSilent(warnings(config).join("\n"));
  assert.equal(config.http[0]?.outputs[1]?.authorization?.reveal(), `Token ${CANARY}`);
});

test("no message shows what a variable or a file brought in, wherever it was put", () => {
  let refused = 0;
  for (const keys of places(everyKey())) {
    for (const reference of [`\${SECRET}`, `x \${file:secret} @?#`]) {
      const tree = everyKey();
      plant(tree, keys, reference);
      try {
        configFromObject(tree, source({ SECRET: CANARY }, { secret: `${CANARY}\n` }));
      } catch (error) {
        refused++;
        assertSilent(String(error));
      }
    }
  }
  assert.ok(refused > 40, `only ${refused} places were refused`);
});

test("no message shows a secret that stands in the file itself", () => {
  const wrong: [(string | number)[], unknown][] = [
    [["http", 0, "auth"], CANARY],
    [["http", 0, "auth"], [CANARY]],
    [["http", 0, "auth", 0, "username"], `u:${CANARY}`],
    [["http", 0, "auth", 0, "password"], `${CANARY}\n`],
    [["http", 0, "auth", 1, "token"], ` ${CANARY}`],
    [["http", 0, "output", 0, "password"], [CANARY]],
    [["http", 0, "output", 0, "password"], `${CANARY}\${`],
    [["http", 0, "output", 0, "pasword"], CANARY],
    [["http", 0, "output", 0, "token"], CANARY],
    [["http", 0, "output", 0, "username"], undefined],
    [["http", 0, "output", 0, "location"], `http://u:${CANARY}@a/write`],
    [["http", 0, "output", 0, "location"], `//u:${CANARY}@a`],
    [["http", 0, "output", 0, "location"], `http://a/write?u=u&p=${CANARY}`],
    [["http", 0, "output", 0, "location"], `http://a/write#${CANARY}`],
    [["http", 0, "output"], `http://u:${CANARY}@a/write`],
    [["spool", "credentials-key"], CANARY],
    [["spool", "credentials-key"], [CANARY]],
    [["spool", "credentials-kay"], CANARY],
    [["spool", "store-credentials"], false],
    [["admin", "token"], `${CANARY}\n`],
    [["admin", "peer-token"], `${CANARY}\n`],
    [["admin", "peers", 0], `http://u:${CANARY}@a`],
    [["admin", "bind-addr"], `u:${CANARY}@a:1`],
    [["udp", 1, "output", 0, "location"], `u:${CANARY}@a:1`],
  ];
  for (const [keys, value] of wrong) {
    const tree = everyKey();
    plant(tree, keys, value);
    assertSilent(messageOf(() => configFromObject(tree, source())));
  }
});

test("no message shows the line in which the syntax is wrong", () => {
  assertSilent(messageOf(() => parseConfig(`[[http]]\npassword = "${CANARY}`, source())));
  assertSilent(messageOf(() => parseConfig(`password = ${CANARY}`, source())));
});

test("a secret cannot add a key", () => {
  const injection = `a"\ngzip = true\nca = "x`;
  const text = `[[http]]\nbind-addr = "127.0.0.1:1"\noutput = [{ location = "https://a", cert = "\${SECRET}", key = "k" }]`;
  const { cert, gzip, ca } = parseConfig(text, source({ SECRET: injection })).http[0]!.outputs[0]!;
  assert.deepEqual({ cert, gzip, ca }, { cert: injection, gzip: false, ca: undefined });
});
