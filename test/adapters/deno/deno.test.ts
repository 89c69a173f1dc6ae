import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { fileURLToPath } from "node:url";
import { send } from "../../conformance/client.ts";
import { certificates } from "../../support/certificates.ts";
import { startChild, temporaryDirectory } from "../../support/child.ts";
import { DENO_RUN, denoBinary } from "../../support/deno.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../../support/faulty-influxdb.ts";
import { type RelayProcess, startRelay } from "../../support/relay-process.ts";
import { requireReal } from "../../support/require-real.ts";
import { poll } from "../../support/wait.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const HOLD = { kind: "hold", store: "after", path: "/write" } as const;

let influxdb: FaultyInfluxdb;
const relays: RelayProcess[] = [];
const sockets: Socket[] = [];

before(async () => {
  influxdb = await startFaultyInfluxdb({ databases: ["d"] });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  influxdb.setFault();
  influxdb.release();
  await Promise.all(relays.splice(0).map((relay) => relay.kill()));
});
after(() => influxdb?.close());

function configOf(listener = "", more = ""): string {
  return `${more}
[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
${listener}
output = [ { name = "a", location = "${influxdb.url}/write" } ]
`;
}

async function start(config: string): Promise<RelayProcess> {
  const relay = await startRelay({ config, runtime: "deno" });
  relays.push(relay);
  return relay;
}

/** Runs a command to its end. */
async function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number | string; output: string }> {
  const child = startChild(command, args, { env: { NO_COLOR: "1" } });
  return { code: await child.ended, output: child.output };
}

/** Runs a relay that is expected not to start. */
function runRelay(config: string) {
  const file = join(temporaryDirectory("deno"), "relay.toml");
  writeFileSync(file, config);
  return run(denoBinary(), [...DENO_RUN, join(ROOT, "adapters/deno.ts"), "--config", file]);
}

/** Opens a connection and sends the beginning of a request; what comes back is in `answer`. */
async function begin(port: number, text: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  const answer = new Promise<string>((resolve) => {
    let received = "";
    socket.setEncoding("latin1").on("data", (data) => {
      received += data;
      if (received.includes("\r\n\r\n")) resolve(received);
    });
    socket.on("error", (error) => resolve(error.message));
    socket.on("close", () => resolve(received));
  });
  await once(socket, "connect");
  socket.write(text);
  return { socket, answer };
}

const UPLOAD = "POST /write?db=d HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nm v=1";

test("the task starts it with the flags that are tested here, with or without a --", async () => {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  assert.equal(tasks.start, ["deno", ...DENO_RUN, "adapters/deno.ts"].join(" "));
  for (const dashes of [[], ["--"]]) {
    const { code, output } = await run(denoBinary(), [
      "task",
      "--cwd",
      ROOT,
      "start",
      ...dashes,
      "--version",
    ]);
    assert.equal(code, 0, output);
    assert.match(output, /^influxdb-relay \d/m);
  }
});

test("SIGTERM ends it with 0 after what is in flight is answered, and new clients are refused", async () => {
  const relay = await start(configOf());
  influxdb.setFault(HOLD);
  const held = influxdb.held;
  const answer = send(`${relay.url("main")}/write?db=d`, { body: "m v=1 1" });
  await influxdb.waitForHeld(held + 1);
  relay.signal("SIGTERM");
  await relay.waitForLog(({ event }) => event === "stopping");
  await assert.rejects(send(`${relay.url("main")}/ping`), /ECONNREFUSED|ECONNRESET/);
  influxdb.release();
  assert.equal((await answer).status, 204);
  assert.equal(await relay.stop("SIGCONT"), 0);
});

test("a stop cuts an upload, and the client is told to come again", async () => {
  const relay = await start(configOf("", 'shutdown-timeout = "100ms"'));
  const { answer } = await begin(relay.port("main"), UPLOAD);
  await poll(async () => (await counters(relay)).writes === 1, "the write");
  assert.equal(await relay.stop(), 0);
  assert.match(await answer, /^HTTP\/1.1 503 .*retry-after: 1/is);
});

test("a stop waits no longer than shutdown-timeout for a backend", async () => {
  const relay = await start(configOf("", 'shutdown-timeout = "100ms"'));
  influxdb.setFault(HOLD);
  const held = influxdb.held;
  const { answer } = await begin(relay.port("main"), `${UPLOAD} 123456789 \n\n\n\n`);
  await influxdb.waitForHeld(held + 1);
  assert.equal(await relay.stop("SIGTERM", 3_000), 0);
  assert.doesNotMatch(await answer, /^HTTP\/1.1 2/);
});

test("writes that a backend still lacks at the end are told by exit code 3", async () => {
  const down = await startFaultyInfluxdb({ databases: ["d"] });
  down.setFault({ kind: "status", status: 503, path: "/write" });
  try {
    const output = `output = [ { name = "a", location = "${influxdb.url}" }, { name = "b", location = "${down.url}" } ]`;
    const relay = await start(configOf("", 'shutdown-timeout = "100ms"').replace(/output = .*/, output));
    assert.equal((await send(`${relay.url("main")}/write?db=d`, { body: "m v=1 1" })).status, 204);
    await down.waitForRequests(1, "/write");
    assert.equal(await relay.stop(), 3);
    assert.ok(relay.log.some(({ event, backend }) => event === "undelivered" && backend === "b"));
  } finally {
    await down.close();
  }
});

test("a body that does not arrive in time is a 408, and reaches nobody", async () => {
  const relay = await start(configOf('request-timeout = "200ms"'));
  const seen = influxdb.requests.length;
  for (const body of [
    UPLOAD,
    UPLOAD.replace(/Content-Length: 20\r\n\r\n/, "Transfer-Encoding: chunked\r\n\r\n14\r\n"),
  ]) {
    const { answer } = await begin(relay.port("main"), body);
    assert.match(await answer, /^HTTP\/1.1 408 /);
  }
  assert.equal((await counters(relay)).aborted, 2);
  assert.ok(influxdb.requests.slice(seen).every(({ path }) => !path.startsWith("/write")));
});

test("what Deno cannot do is refused by name", async () => {
  const { code, output } = await runRelay(configOf("max-connections = 5"));
  assert.equal(code, 2);
  assert.match(output, /http\[0\]\.max-connections: listener "main" needs .* which deno lacks/);
});

test("an address that is taken is told in a sentence, with exit code 1", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { code, output } = await runRelay(configOf().replace(":0", `:${port}`));
  server.close();
  assert.equal(code, 1);
  assert.match(output, new RegExp(`main cannot listen on 127.0.0.1:${port}: .*in use`));
});

test("an address without a host is every address of both families", async () => {
  const relay = await start(configOf().replace("127.0.0.1:0", ":0"));
  for (const host of ["127.0.0.1", "[::1]"]) {
    assert.equal((await send(`http://${host}:${relay.port("main")}/ping`)).status, 204);
  }
});

test("datagrams become points", async () => {
  const udp = `\n[[udp]]\nname = "in"\nbind-addr = "127.0.0.1:0"\nto = "main"\ndatabase = "d"\nbatch-timeout = "10ms"\n`;
  const relay = await start(configOf() + udp);
  const socket = createSocket("udp4");
  socket.send("udp v=1 1", relay.port("in"), "127.0.0.1");
  await poll(async () => influxdb.points("d").includes("udp v=1 1"), "the point");
  socket.close();
});

test("SIGHUP changes the outputs and keeps the port; a wrong config changes nothing", async () => {
  const relay = await start(configOf());
  const port = relay.port("main");
  writeFileSync(relay.configFile, configOf('default-retention-policy = "autogen"').replace(":0", `:${port}`));
  relay.signal("SIGHUP");
  await relay.waitForLog(({ event }) => event === "reloaded");
  await send(`http://127.0.0.1:${port}/write?db=d`, { body: "m v=9 9" });
  await poll(async () => influxdb.points("d").includes("m v=9 9"), "the point");
  assert.equal(influxdb.requests.at(-1)?.parameters.get("rp"), "autogen");
  writeFileSync(relay.configFile, configOf("max-connections = 5"));
  relay.signal("SIGHUP");
  const { error } = await relay.waitForLog(({ event }) => event === "reload-failed");
  assert.match(String(error), /max-connections/);
  assert.equal((await send(`http://127.0.0.1:${port}/ping`)).status, 204);
});

async function counters(relay: RelayProcess): Promise<{ writes: number; aborted: number }> {
  return JSON.parse((await send(`${relay.url("main")}/status`)).text).listeners[0].counters;
}

const skip = requireReal("openssl");

/** The fingerprint of the certificate that a port shows. */
async function shown(port: number): Promise<string> {
  const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  sockets.push(socket);
  await once(socket, "secureConnect");
  return socket.getPeerCertificate().fingerprint256;
}

test("HTTPS, and another certificate after SIGHUP, while what is in flight is answered", {
  skip,
}, async () => {
  const { good, wrongName } = certificates();
  const pem = join(temporaryDirectory("pem"), "relay.pem");
  copyFileSync(good.combinedFile, pem);
  const relay = await start(configOf(`ssl-combined-pem = "${pem}"`));
  const port = relay.port("main");
  const first = await shown(port);

  influxdb.setFault(HOLD);
  const held = influxdb.held;
  const client = tlsConnect({ port, host: "127.0.0.1", ca: certificates().ca.cert });
  sockets.push(client);
  await once(client, "secureConnect");
  client.write("POST /write?db=d HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nm v=2 2");
  await influxdb.waitForHeld(held + 1);

  copyFileSync(wrongName.combinedFile, pem);
  relay.signal("SIGHUP");
  await relay.waitForLog(({ event }) => event === "reloaded");
  let second = "";
  await poll(async () => {
    second = await shown(port).catch(() => "");
    return second !== "";
  }, "the port to be open again");
  assert.notEqual(second, first);
  influxdb.release();
  const [answer] = await once(client.setEncoding("latin1"), "data");
  assert.match(answer, /^HTTP\/1.1 204 /);

  writeFileSync(pem, readFileSync(good.certFile, "utf8") + readFileSync(wrongName.keyFile, "utf8"));
  relay.signal("SIGHUP");
  await relay.waitForLog(({ event }) => event === "reload-failed");
  assert.equal(await shown(port), second);
  assert.equal(await relay.stop(), 0);
});

test("a PEM file that is none is a wrong config", { skip }, async () => {
  const pem = join(temporaryDirectory("pem"), "relay.pem");
  for (const text of ["", "junk", readFileSync(certificates().good.certFile, "utf8")]) {
    writeFileSync(pem, text);
    const { code, output } = await runRelay(configOf(`ssl-combined-pem = "${pem}"`));
    assert.equal(code, 2, output);
    assert.match(output, /ssl-combined-pem: is not a PEM file with a certificate chain and its private key/);
  }
});

test("a backend behind TLS: with its own authority and a client certificate, or not at all", {
  skip,
}, async () => {
  const { ca, good, client } = certificates();
  const guarded = await startFaultyInfluxdb({
    databases: ["d"],
    tls: { cert: good.cert, key: good.key, ca: ca.cert },
  });
  try {
    const config = (options: string) =>
      configOf().replace(/output = .*/, `output = [ { name = "a", location = "${guarded.url}"${options} } ]`);
    const files = `, ca = "${ca.certFile}", cert = "${client.certFile}", key = "${client.keyFile}"`;
    const trusted = await start(config(files));
    assert.equal((await send(`${trusted.url("main")}/write?db=d`, { body: "m v=1 1" })).status, 204);
    const careless = await start(
      config(`${files.replace(/, ca = "[^"]*"/, "")}, skip-tls-verification = true`),
    );
    assert.equal((await send(`${careless.url("main")}/write?db=d`, { body: "m v=2 2" })).status, 204);
    const strict = await start(config(""));
    assert.equal((await send(`${strict.url("main")}/write?db=d`, { body: "m v=3 3" })).status, 503);
    assert.deepEqual(guarded.points("d"), ["m v=1 1", "m v=2 2"]);
  } finally {
    await guarded.close();
  }
});
