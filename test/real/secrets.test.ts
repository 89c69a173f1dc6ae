import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../support/faulty-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, status } from "./replica-set.ts";

/** Every secret of these tests begins so. In base64 it is found by its three possible alignments. */
const CANARY = "canary7secret";
const ENCODED = [0, 1, 2].map((shift) => {
  const text = btoa("x".repeat(shift) + CANARY);
  return text.slice(shift === 0 ? 0 : 4, -4);
});
const secret = (name: string) => `${CANARY}-${name}`;
const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`;

function assertNoSecret(text: string, where: string): void {
  for (const trace of [CANARY, ...ENCODED]) {
    const at = text.indexOf(trace);
    assert.ok(at < 0, `${where} shows a secret: ${text.slice(Math.max(0, at - 200), at + 100)}`);
  }
}

/** All the ways to bring credentials, some of them broken. */
const CLIENTS: readonly { parameters?: string; authorization?: string }[] = [
  { parameters: `u=${secret("u")}&p=${secret("p")}` },
  { parameters: `u=user&p=${secret("%zz")}` },
  { authorization: basic("user", secret("basic")) },
  { authorization: `Basic ${secret("not-base64")}` },
  { authorization: `Token ${secret("token")}` },
  { authorization: `Token user:${secret("token")}` },
  { authorization: `Bearer ${secret("bearer")}` },
  { authorization: secret("no-scheme") },
];

describe("secrets", () => {
  let a: FaultyInfluxdb;
  let b: FaultyInfluxdb;
  let relay: RelayProcess;
  let config: string;

  before(async () => {
    [a, b] = await Promise.all([startFaultyInfluxdb(), startFaultyInfluxdb()]);
    const own = `timeout = "200ms", username = "own", password = "${secret("output")}"`;
    config = `[log]
level = "debug"

${mainListener([a, b], 'timeout = "200ms"')}
${mainListener([a, b], own, `auth = [{ username = "client", password = "${secret("auth")}" }, { token = "\${AUTH_TOKEN}" }]`).replace('"main"', '"guarded"')}
${mainListener([a], `token = "${secret("output-token")}"`, `auth = [{ token = "${secret("only")}" }]`).replace('"main"', '"token"')}`;
    relay = await startRelay({ config, env: { AUTH_TOKEN: secret("env") } });
  });
  after(() => Promise.all([a?.close(), b?.close(), relay?.kill()]));

  /** One write of each client to each listener, and requests that go wrong before they get that far. */
  async function provoke(): Promise<void> {
    const requests: Promise<unknown>[] = [];
    for (const listener of ["main", "guarded", "token"]) {
      for (const { parameters = "", authorization } of CLIENTS) {
        const headers = authorization === undefined ? {} : { authorization };
        for (const path of [
          `/write?db=demo&${parameters}`,
          `/write?${parameters}`,
          `/nosuch?${parameters}`,
        ]) {
          requests.push(ask(relay.url(listener), path, { method: "POST", body: "m v=1 1", headers }));
        }
        const wrong = {
          method: "POST",
          body: "no gzip at all",
          headers: { ...headers, "content-encoding": "gzip" },
        };
        requests.push(ask(relay.url(listener), `/api/v2/write?bucket=demo&${parameters}`, wrong));
      }
    }
    const right = {
      method: "POST",
      body: "m v=2 2",
      headers: { authorization: basic("client", secret("auth")) },
    };
    requests.push(ask(relay.url("guarded"), "/write?db=demo", right));
    await Promise.all(requests);
    for (const path of ["/status", "/health", "/ready", "/ping?verbose=1"]) {
      assertNoSecret((await ask(relay.url("main"), path)).body, path);
    }
  }

  /** A write by somebody who may, as long as nothing else goes on. */
  async function arrive(listener: string, authorization: string): Promise<void> {
    const write = { method: "POST", body: "m v=0 0", headers: { authorization } };
    const isStored = async () => (await ask(relay.url(listener), "/write?db=demo", write)).status === 204;
    await poll(isStored, `a write through ${listener}`);
  }

  test("are in no log line, no status and no message, whatever goes wrong", async () => {
    await arrive("main", basic("user", secret("basic")));
    await arrive("guarded", basic("client", secret("auth")));
    await provoke();
    for (const status of [400, 401, 404, 503, 302]) {
      a.setFault({ kind: "status", status, path: "/write", body: '{"error":"no"}\n' });
      b.setFault({ kind: "status", status, path: "/write", headers: { "X-Influxdb-Error": "no" } });
      await provoke();
    }
    a.setFault({ kind: "reset", when: "after-storing", path: "/write" });
    b.setFault({ kind: "hang", path: "/write" });
    await provoke();
    a.setFault({ kind: "invalid-header" });
    b.setFault({ kind: "truncated" });
    await provoke();
    a.setFault();
    b.setFault();
    await a.refuse();
    await provoke();
    await b.refuse();
    await provoke();
    await a.listenAgain();
    await b.listenAgain();
    await poll(
      async () => (await status(relay)).backends.every(({ state }) => state !== "down"),
      "both to be back",
    );

    for (const wrong of [
      `${config}\n[[http]]\nauth = "${secret("wrong-type")}"\n`,
      `${config}\npassword = "${secret("unknown-key")}"\n`,
      `${config}\npassword = "${secret("not-closed")}\n`,
      `${config}\npassword = ${secret("not-quoted")}\n`,
      config.replace(/password = "/g, 'pasword = "'),
      config.replace('location = "http://', `location = "http://user:${secret("userinfo")}@`),
      config.replace('location = "http://', `location = "ftp://user:${secret("userinfo")}@`),
      config.replace(/username = "[^"]*", /g, ""),
      config.replace(`"${secret("auth")}"`, `["${secret("list")}"]`),
    ]) {
      const before = relay.log.length;
      writeFileSync(relay.configFile, wrong);
      relay.signal("SIGHUP");
      await relay.waitForLog((line) => line.event === "reload-failed" && relay.log.indexOf(line) >= before);
      const message = await startRelay({ config: wrong }).then(
        async (started) => {
          await started.kill();
          return "it started";
        },
        (error: Error) => error.message,
      );
      assert.match(message, /ended \(2\)/);
      assertNoSecret(message, "the message of a wrong config");
    }
    await relay.stop("SIGTERM");
    assertNoSecret(relay.output, "the log");
    for (const event of ["backend-down", "unauthorized", "reload-failed", "stopped"]) {
      assert.ok(
        relay.log.some((line) => line.event === event),
        `${event} was not provoked`,
      );
    }
    // The secrets did go where they belong.
    const seen = a.requests.map(({ headers }) => headers.authorization);
    assert.ok(seen.includes(basic("user", secret("basic"))));
    assert.ok(seen.includes(basic("own", secret("output"))));
  });

  // The log prints one line of a kind in ten seconds: a relay for each, so that each is the one that is printed.
  for (const { parameters = "", authorization } of CLIENTS) {
    test(`are in no log line about the first client: ${authorization ?? parameters}`, async () => {
      const one = await startRelay({ config, env: { AUTH_TOKEN: secret("env") } });
      const headers = authorization === undefined ? {} : { authorization };
      const path = `/write?db=demo&${parameters}`;
      await Promise.all([a, b].map((server) => server.refuse()));
      try {
        await ask(one.url("guarded"), path, { method: "POST", body: "m v=1 1", headers });
        await ask(one.url("main"), path, { method: "POST", body: "m v=1 1", headers });
        assertNoSecret((await ask(one.url("main"), "/status")).body, "/status");
        await one.stop("SIGTERM");
        assertNoSecret(one.output, "the log");
      } finally {
        await Promise.all([a, b].map((server) => server.listenAgain()));
        await one.kill();
      }
    });
  }
});
