import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { after, afterEach, test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { gzipSync } from "node:zlib";
import { gunzip } from "../../../adapters/node/gzip.ts";
import {
  type HttpListener,
  type HttpListenerOptions,
  startHttpListener,
} from "../../../adapters/node/http-listener.ts";
import { clientAddress, readBody } from "../../../adapters/node/request-body.ts";
import { BindError, ConfigError } from "../../../src/errors.ts";
import type { Platform } from "../../../src/platform.ts";
import type { Reply, Write } from "../../../src/writer.ts";
import { CONFIG, type Fixture, fixture, STORED, textOf } from "../../http/fake-listener.ts";
import { certificates } from "../../support/certificates.ts";
import { requireReal } from "../../support/require-real.ts";
import { withLimit } from "../../support/wait.ts";

const LINE = "m v=1 1\n";
const LIMIT = 10_000;

interface Running extends Fixture {
  readonly listener: Fixture["listener"];
  readonly server: HttpListener;
  readonly port: number;
}

const open: HttpListener[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((server) => server.close()));
});
after(() => Promise.all(open.map((server) => server.close())));

interface StartOptions {
  readonly server?: Partial<HttpListenerOptions>;
  readonly maxBodySize?: number;
  readonly reply?: (write: Write) => Reply | Promise<Reply>;
}

async function start(options: StartOptions = {}): Promise<Running> {
  const base = fixture();
  const made = fixture({
    config: { maxBodySize: options.maxBodySize ?? LIMIT },
    ports: { readBody, clientAddress, platform: { ...platformOf(base), gunzip } },
    ...(options.reply === undefined ? {} : { reply: options.reply }),
  });
  const server = await startHttpListener({
    name: "main",
    fetch: made.app.fetch,
    address: { host: "127.0.0.1", port: 0 },
    maxConnections: CONFIG.maxConnections,
    reusePort: false,
    requestTimeoutMs: CONFIG.requestTimeoutMs,
    log: made.listener.log,
    counters: made.listener.counters,
    ...options.server,
  });
  open.push(server);
  return { ...made, server, port: server.address.port };
}

/** The ports that the app uses itself; the clock of the fixture is a constant. */
function platformOf(base: Fixture): Platform {
  const clock = {
    now: () => 0,
    nowNs: base.listener.stampClock,
    monotonic: () => 0,
    after: () => ({ cancel() {} }),
  };
  return {
    runtime: "node",
    clock,
    random: () => 0,
    defer: setImmediate,
    log: () => undefined,
    openHttp: () => assert.fail("not in this test"),
    gunzip,
    gzip: (bytes) => bytes,
  };
}

function dial(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  // A server that cuts a connection is part of many tests.
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
async function raw(port: number, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = dial(port);
  for (const part of parts) socket.write(part);
  return untilClosed(socket);
}

async function untilClosed(socket: Socket): Promise<string> {
  let received = "";
  socket.setEncoding("latin1").on("data", (text) => {
    received += text;
  });
  // Not `once`, which an error of the socket would reject.
  await new Promise((resolve) => socket.on("close", resolve));
  return received;
}

async function untilReceived(socket: Socket, wanted: RegExp): Promise<string> {
  let received = "";
  for await (const text of socket.setEncoding("latin1").iterator({ destroyOnReturn: false })) {
    received += text;
    if (wanted.test(received)) return received;
  }
  return assert.fail(`closed after ${JSON.stringify(received)}`);
}

function head(method: string, target: string, ...headers: readonly string[]): string {
  return [`${method} ${target} HTTP/1.1`, "Host: relay", ...headers, "", ""].join("\r\n");
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

test("a write goes through, and the answer has InfluxDB's headers and no body", async () => {
  const { port, writes } = await start();
  const answer = await raw(port, head("POST", "/write?db=d", "Connection: close", "Content-Length: 8"), LINE);
  assert.equal(statusOf(answer), 204);
  assert.match(answer, /\r\nContent-Type: application\/json\r\n/);
  assert.match(answer, /\r\nX-Influxdb-Version: 1\.6\.7\r\n/);
  assert.doesNotMatch(answer, /Content-Length|Transfer-Encoding/i);
  assert.ok(answer.endsWith("\r\n\r\n"));
  assert.equal(textOf(writes[0]?.body as Uint8Array), LINE);
});

test("an error's answer says its length, and so does the empty answer to OPTIONS", async () => {
  const { port } = await start();
  const error = await raw(port, head("POST", "/write", "Connection: close", "Content-Length: 0"));
  assert.match(error, /\r\nContent-Length: 33\r\n/i);
  assert.ok(error.endsWith('\r\n\r\n{"error":"database is required"}\n'));
  const options = await raw(port, head("OPTIONS", "/write", "Connection: close"));
  assert.match(options, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(options, /\r\nContent-Length: 0\r\n/i);
});

test("bodies arrive whole: none, in one piece, in many, chunked", async () => {
  const { port, writes } = await start();
  const long = LINE.repeat(1000);
  await raw(port, head("POST", "/write?db=d", "Connection: close"));
  await raw(port, head("POST", "/write?db=d", "Connection: close", `Content-Length: ${long.length}`), long);
  const chunk = `${LINE.length.toString(16)}\r\n${LINE}\r\n`;
  const chunks = Array.from({ length: 50 }, () => chunk);
  await raw(
    port,
    head("POST", "/write?db=d", "Connection: close", "Transfer-Encoding: chunked"),
    ...chunks,
    "0\r\n\r\n",
  );
  assert.deepEqual(
    writes.map(({ body }) => textOf(body)),
    ["", long, LINE.repeat(50)],
  );
});

test("a waiting body keeps no more memory alive than its own", async () => {
  const { port, writes } = await start();
  const packed = gzipSync(LINE);
  await raw(port, head("POST", "/write?db=d", "Connection: close", `Content-Length: ${LINE.length}`), LINE);
  const gzip = [`Content-Length: ${packed.length}`, "Content-Encoding: gzip"];
  await raw(port, head("POST", "/write?db=d", "Connection: close", ...gzip), packed);
  assert.equal(writes.length, 2);
  for (const { body } of writes)
    assert.ok(body.buffer.byteLength <= 2 * body.byteLength, `${body.buffer.byteLength}`);
});

test("a target that is not ASCII is refused: HTTP wants it percent-encoded", async () => {
  const { port, writes } = await start();
  assert.equal(statusOf(await raw(port, head("POST", "/write?db=é", "Connection: close"))), 400);
  await raw(port, head("POST", "/write?db=%C3%A9", "Connection: close"));
  assert.deepEqual(
    writes.map(({ destination }) => destination.db),
    ["é"],
  );
});

test("a body that is too large gets 413 and the connection ends, whatever its framing", async () => {
  const { port, writes, listener } = await start();
  const large = "x".repeat(LIMIT + 1);
  const byLength = head("POST", "/write?db=d", `Content-Length: ${large.length}`);
  const byChunks = `${head("POST", "/write?db=d", "Transfer-Encoding: chunked")}${large.length.toString(16)}\r\n`;
  for (const answer of [
    await raw(port, byLength, large),
    await raw(port, byChunks, large, "\r\n0\r\n\r\n"),
    await raw(port, byChunks, large, "\r\n"),
    await raw(port, byLength),
  ]) {
    assert.equal(statusOf(answer), 413);
    assert.match(answer, /\r\nConnection: close\r\n/i);
    assert.ok(answer.endsWith('{"error":"Request Entity Too Large"}\n'), answer);
  }
  assert.equal(writes.length, 0);
  assert.equal(listener.counters.tooLarge, 4);
});

test("a client that never stops sending is cut off", async () => {
  const { port, writes } = await start();
  const socket = dial(port);
  socket.write(head("POST", "/write?db=d", "Transfer-Encoding: chunked"));
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  let sent = 0;
  const feed = () => {
    while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
  };
  socket.on("drain", feed);
  feed();
  const answer = await untilClosed(socket);
  assert.ok(answer === "" || statusOf(answer) === 413, answer);
  assert.ok(sent < 200 * 1024 * 1024, `${sent}`);
  assert.equal(writes.length, 0);
});

test("a refusal reaches a client that sends all before it reads", async () => {
  const { port, writes } = await start();
  const body = new Uint8Array(10_000_000);
  for (const target of ["/write", "/write?db=d"]) {
    const socket = dial(port);
    socket.write(head("POST", target, "Connection: close", `Content-Length: ${body.length}`));
    await new Promise<void>((resolve, reject) =>
      socket.write(body, (error) => (error ? reject(error) : resolve())),
    );
    assert.match(
      await untilClosed(socket),
      /\{"error":"(database is required|Request Entity Too Large)"\}\n$/,
    );
  }
  assert.equal(writes.length, 0);
});

test("a request behind the last answer of its connection does nothing", async () => {
  const { port, writes } = await start();
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  socket.on("error", () => undefined);
  socket.write(head("POST", "/write?db=d", `Content-Length: ${LIMIT + 1}`) + "x".repeat(LIMIT + 1));
  assert.equal(statusOf(await untilReceived(socket, /Too Large"\}\n/)), 413);
  socket.end(head("POST", "/write?db=hidden", "Content-Length: 8") + LINE);
  await untilClosed(socket);
  assert.equal(writes.length, 0);
});

test("a gzip bomb gets 413, and costs little memory even fifty at a time", async () => {
  const { port, writes } = await start({ maxBodySize: 100_000 });
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  assert.ok(bomb.length < 70_000);
  const header = head(
    "POST",
    "/write?db=d",
    "Connection: close",
    "Content-Encoding: gzip",
    `Content-Length: ${bomb.length}`,
  );
  const before = process.memoryUsage.rss();
  const answers = await Promise.all(Array.from({ length: 50 }, () => raw(port, header, bomb)));
  const grown = process.memoryUsage.rss() - before;
  assert.deepEqual(new Set(answers.map(statusOf)), new Set([413]));
  assert.ok(grown < 100 * 1024 * 1024, `${grown}`);
  assert.equal(writes.length, 0);
});

test("a client that goes away, or stays silent, before its body is there writes nothing", async () => {
  const { port, writes, listener } = await start({ server: { requestTimeoutMs: 300 } });
  const short = dial(port);
  short.end(head("POST", "/write?db=d", "Content-Length: 100") + LINE);
  await untilClosed(short);
  const silent = await raw(port, head("POST", "/write?db=d", "Content-Length: 100"), LINE);
  assert.equal(statusOf(silent), 408);
  assert.equal(listener.counters.aborted, 2);
  assert.equal(writes.length, 0);
});

test("who dribbles headers or a body gets 408 at the limit, and holds nobody else up", async () => {
  const { port, writes } = await start({ server: { requestTimeoutMs: 400 } });
  const dribble = async (text: string) => {
    const socket = dial(port);
    const bytes = text[Symbol.iterator]();
    const timer = setInterval(() => socket.write(bytes.next().value ?? "x"), 20);
    const started = performance.now();
    const answer = await untilClosed(socket);
    clearInterval(timer);
    return { status: statusOf(answer), took: performance.now() - started };
  };
  const slow = [
    dribble(head("POST", "/write?db=d", `X-Long: ${"x".repeat(1000)}`)),
    dribble(head("POST", "/write?db=d", "Content-Length: 1000")),
  ];
  const idle = Array.from({ length: 50 }, () => dial(port));
  const good = await raw(port, head("POST", "/write?db=d", "Connection: close", "Content-Length: 8"), LINE);
  assert.equal(statusOf(good), 204);
  for (const { status, took } of await Promise.all(slow)) {
    assert.equal(status, 408);
    assert.ok(took < 3_000, `${took}`);
  }
  for (const socket of idle) socket.destroy();
  assert.equal(writes.length, 1);
});

test("a request of HTTP/1.0 need not name a host, as those of HAProxy's health checks", async () => {
  const { port } = await start();
  assert.equal(statusOf(await raw(port, "GET /health HTTP/1.0\r\n\r\n")), 200);
  assert.equal(statusOf(await raw(port, "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")), 400);
});

test("requests whose end is ambiguous are refused, and what hides behind them is not a write", async () => {
  const { port, writes } = await start();
  const hidden = head("POST", "/write?db=hidden", "Content-Length: 8") + LINE;
  const post = "POST /write?db=d HTTP/1.1\r\nHost: relay\r\n";
  const corpus: Readonly<Record<string, string>> = {
    "length and chunked": `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "chunked and length": `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    "two lengths": `${post}Content-Length: 0\r\nContent-Length: 90\r\n\r\n`,
    "two equal lengths": `${post}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
    "list of lengths": `${post}Content-Length: 0, 90\r\n\r\n`,
    "signed length": `${post}Content-Length: +0\r\n\r\n`,
    "negative length": `${post}Content-Length: -1\r\n\r\n`,
    "length in hex": `${post}Content-Length: 0x0\r\n\r\n`,
    "blank before the colon": `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    "unknown coding": `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    "chunked not last": `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    "bare LF": `${post.replaceAll("\r\n", "\n")}Content-Length: 0\n\n`,
    "bare CR": `${post}X: a\rContent-Length: 0\r\n\r\n`,
    "folded header": `${post}X: a\r\n Content-Length: 90\r\n\r\n`,
    "bad chunk size": `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
    "chunk longer than it says": `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`,
    "NUL in a header": `${post}X: a\0b\r\nContent-Length: 0\r\n\r\n`,
    "headers beyond 16 KiB": `${post}X: ${"x".repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`,
  };
  for (const [name, bytes] of Object.entries(corpus)) {
    writes.length = 0;
    // The end of the sender's side makes a server that waits for more give up.
    const socket = dial(port);
    socket.end(Buffer.from(bytes + hidden, "latin1"));
    const answer = await untilClosed(socket);
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
    assert.ok(!writes.some(({ destination }) => destination.db === "hidden"), `${name}: ${statuses}`);
    assert.ok(statuses.every((status) => status >= 400) && statuses.length <= 2, `${name}: ${statuses}`);
  }
});

test("pipelined requests that are sound are all answered", async () => {
  const { port, writes } = await start();
  const one = head("POST", "/write?db=d", "Content-Length: 8") + LINE;
  const answer = await raw(port, one, one, head("GET", "/ping", "Connection: close"));
  assert.deepEqual(
    [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status),
    ["204", "204", "204"],
  );
  assert.equal(writes.length, 2);
});

test("a client that asks before it sends is told at once, and a refused one uploads nothing", async () => {
  const { port, writes } = await start();
  const welcome = dial(port);
  welcome.write(head("POST", "/write?db=d", "Expect: 100-continue", "Content-Length: 8"));
  await untilReceived(welcome, /^HTTP\/1\.1 100 Continue\r\n\r\n/);
  welcome.write(LINE);
  await untilReceived(welcome, /^HTTP\/1\.1 204 /);
  for (const [target, length, status] of [
    ["/write?db=d", LIMIT + 1, 413],
    ["/write", 8, 400],
    ["/nosuch", 8, 404],
  ] as const) {
    const answer = await raw(port, head("POST", target, "Expect: 100-continue", `Content-Length: ${length}`));
    assert.equal(statusOf(answer), status);
    assert.match(answer, /\r\nConnection: close\r\n/i);
  }
  assert.equal(writes.length, 1);
});

test("one connection too many gets 503 with Retry-After; when one has gone there is room again", async () => {
  const { port, listener } = await start({ server: { maxConnections: 2 } });
  const first = dial(port);
  first.write(head("GET", "/ping"));
  await untilReceived(first, /204/);
  const second = dial(port);
  second.write(head("GET", "/ping"));
  await untilReceived(second, /204/);
  const answer = await raw(port, head("POST", "/write?db=d", "Content-Length: 8"), LINE);
  assert.equal(statusOf(answer), 503);
  assert.match(answer, /\r\nRetry-After: 1\r\n/);
  assert.ok(answer.endsWith('\r\n\r\n{"error":"too many connections"}\n'));
  assert.equal(listener.counters.refusedConnections, 1);
  assert.equal(listener.counters.writes, 0);
  first.destroy();
  let status = 503;
  while (status === 503) status = statusOf(await raw(port, head("GET", "/ping", "Connection: close")));
  assert.equal(status, 204);
});

test("an address that is taken is a BindError that names it", async () => {
  const { port } = await start();
  await assert.rejects(start({ server: { address: { host: "127.0.0.1", port } } }), (error: unknown) => {
    assert.ok(error instanceof BindError);
    assert.match(error.message, new RegExp(`^main cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
    return true;
  });
});

test("stopping: what is under way is answered, idle connections end, no new one is taken", async () => {
  const answers: ((reply: Reply) => void)[] = [];
  const { port, server } = await start({ reply: () => new Promise((resolve) => answers.push(resolve)) });
  const agent = new Agent({ keepAlive: true });
  const begun = dial(port);
  begun.write("GET /ping HTTP/1.1\r\n");
  await once(begun, "connect");
  const idle = dial(port);
  idle.write(head("GET", "/ping"));
  await untilReceived(idle, /204/);
  const busy = httpRequest({ port, agent, method: "POST", path: "/write?db=d" }).end(LINE);
  const response = once(busy, "response");
  while (answers.length === 0) await new Promise(setImmediate);
  let drained = false;
  const stopped = server.stopAccepting().then(() => {
    drained = true;
  });
  await once(idle.resume(), "close");
  assert.equal(drained, false);
  const late = dial(port);
  assert.equal(await untilClosed(late), "");
  begun.write("Host: relay\r\n\r\n");
  assert.match(await untilClosed(begun), /^HTTP\/1\.1 204 .*\r\nConnection: close\r\n/s);
  answers[0]?.(STORED);
  const [{ statusCode }] = await response;
  assert.equal(statusCode, 204);
  await stopped;
  agent.destroy();
});

test("stopping does not wait for connections that were opened in advance", async () => {
  const { server, port } = await start();
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  // The server knows it for sure once a later one was answered.
  await once(socket, "connect");
  assert.equal((await fetch(`http://127.0.0.1:${port}/ping`)).status, 204);
  const closed = once(socket, "close");
  socket.resume();
  await withLimit(server.stopAccepting(), "the end of the listener");
  await closed;
});

test("closing cuts what does not end by itself", async () => {
  const { port, server, writes } = await start({ reply: () => new Promise(() => undefined) });
  const socket = dial(port);
  socket.write(head("POST", "/write?db=d", "Content-Length: 8") + LINE);
  while (writes.length === 0) await new Promise(setImmediate);
  const closed = untilClosed(socket);
  await server.close();
  assert.equal(await closed, "");
});

test("HTTPS from one PEM file, and another one for the connections to come", {
  skip: requireReal("openssl"),
}, async () => {
  const { good, wrongName, ca } = certificates();
  const pem = readFileSync(good.combinedFile, "utf8");
  const { port, server, writes } = await start({ server: { tlsPem: pem } });
  const request = httpsRequest({
    port,
    host: "127.0.0.1",
    ca: ca.cert,
    method: "POST",
    path: "/write?db=d",
  }).end(LINE);
  const [response] = await once(request, "response");
  assert.equal(response.statusCode, 204);
  assert.equal(writes.length, 1);

  const subject = (socket: ReturnType<typeof tlsConnect>) => socket.getPeerCertificate().subject.CN;
  const before = tlsConnect({ port, rejectUnauthorized: false });
  sockets.push(before);
  await once(before, "secureConnect");
  assert.throws(() => server.setTls("no PEM"), ConfigError);
  server.setTls(wrongName.key + wrongName.cert);
  const since = tlsConnect({ port, rejectUnauthorized: false });
  sockets.push(since);
  await once(since, "secureConnect");
  assert.deepEqual([subject(before), subject(since)], ["good", "wrong-name"]);
  before.write(head("GET", "/ping"));
  await untilReceived(before, /^HTTP\/1\.1 204/);
});

test("HTTPS: one connection too many is told so too", { skip: requireReal("openssl") }, async () => {
  const pem = readFileSync(certificates().good.combinedFile, "utf8");
  const { port } = await start({ server: { tlsPem: pem, maxConnections: 1 } });
  const first = tlsConnect({ port, rejectUnauthorized: false });
  const second = tlsConnect({ port, rejectUnauthorized: false });
  sockets.push(first, second);
  await once(first, "secureConnect");
  first.write(head("GET", "/ping"));
  second.write(head("GET", "/ping"));
  const answers = await Promise.all([untilReceived(first, /\r\n\r\n/), untilReceived(second, /\r\n\r\n/)]);
  assert.deepEqual(answers.map(statusOf).sort(), [204, 503]);
});

test("a PEM file without certificate or key is a ConfigError that says so", {
  skip: requireReal("openssl"),
}, async () => {
  const { good, wrongName } = certificates();
  for (const tlsPem of ["", "hello", good.cert, good.key, good.cert + wrongName.key]) {
    await assert.rejects(start({ server: { tlsPem } }), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /^main: ssl-combined-pem: is not a PEM file with a certificate chain and its private key/,
      );
      assert.doesNotMatch(error.message, /BEGIN/);
      return true;
    });
  }
});

test("two listeners share a port if both ask for it", async () => {
  const { port } = await start({ server: { reusePort: true } });
  const address = { host: "127.0.0.1", port };
  await assert.rejects(start({ server: { address } }), BindError);
  const second = await start({ server: { address, reusePort: true } });
  assert.equal(second.port, port);
});
