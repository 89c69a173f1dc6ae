import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import type { TLSSocket } from "node:tls";
import { createHttpClient } from "../../../adapters/node/http-client.ts";
import { RelayError, TransportError } from "../../../src/errors.ts";
import type { HttpClient, HttpClientOptions, HttpRequest } from "../../../src/platform.ts";

const SECRET = "canary-s3cret";
const NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n";
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function listen(t: TestContext, server: net.Server, port = 0): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

function open(t: TestContext, origin: string, options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = createHttpClient({
    origin,
    connections: 4,
    connectTimeoutMs: 2_000,
    tls: { skipVerification: false },
    ...options,
  });
  t.after(() => client.close());
  return client;
}

function request(changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: "POST",
    path: "/write?db=t",
    headers: { authorization: `Basic ${SECRET}` },
    body: new TextEncoder().encode("m v=1 1"),
    timeoutMs: 5_000,
    maxAnswerBytes: 1_000,
    ...changes,
  };
}

async function failureOf(answer: Promise<unknown>): Promise<TransportError> {
  const error = await answer.then(
    () => assert.fail("the request succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TransportError, String(error));
  assert.doesNotMatch(error.message, /127\.0\.0\.1|localhost|http:|https:|canary|example/);
  assert.equal(error.cause, undefined);
  return error;
}

async function assertFails(
  answer: Promise<unknown>,
  failure: string,
  unknownOutcome: boolean,
): Promise<TransportError> {
  const error = await failureOf(answer);
  assert.deepEqual(
    { failure: error.failure, unknownOutcome: error.unknownOutcome },
    { failure, unknownOutcome },
    error.message,
  );
  return error;
}

/** A server on bare sockets: `onRequest` is called for each request, which is known by its blank line. */
function rawServer(onRequest: (socket: net.Socket, connection: number, request: number) => void): net.Server {
  let connections = 0;
  return net.createServer((socket) => {
    const connection = ++connections;
    let requests = 0;
    socket.on("data", (data) => {
      if (data.includes("\r\n\r\n")) onRequest(socket, connection, ++requests);
    });
  });
}

describe("HTTP client: requests", () => {
  it("sends method, path, headers and body as given, and nothing of its own but Host, Connection and Content-Length", async (t) => {
    let seen: { method: unknown; url: unknown; raw: string[]; body: string } | undefined;
    const port = await listen(
      t,
      http.createServer((req, res) => {
        let body = "";
        req.on("data", (chunk) => {
          body += chunk;
        });
        req.on("end", () => {
          seen = { method: req.method, url: req.url, raw: req.rawHeaders, body };
          res.writeHead(400, { "X-Influxdb-Error": "caf\u00e9", "Retry-After": "3" }).end("words");
        });
      }),
    );
    const answer = await open(t, `http://127.0.0.1:${port}`).send(request({ headers: { "X-a": "1" } }));
    assert.deepEqual(seen, {
      method: "POST",
      url: "/write?db=t",
      raw: ["host", `127.0.0.1:${port}`, "connection", "keep-alive", "X-a", "1", "content-length", "7"],
      body: "m v=1 1",
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.header("x-influxdb-error"), "caf\u00e9");
    assert.equal(answer.header("retry-after"), "3");
    assert.equal(answer.header("x-none"), undefined);
    assert.equal(text(answer.body), "words");
  });

  it("sends a view into a larger buffer as exactly those bytes", async (t) => {
    let seen = "";
    const port = await listen(
      t,
      http.createServer((req, res) => {
        req.on("data", (chunk) => {
          seen += chunk;
        });
        req.on("end", () => res.writeHead(204).end());
      }),
    );
    const body = new TextEncoder().encode("xxm v=1 1yy").subarray(2, 9);
    await open(t, `http://127.0.0.1:${port}`).send(request({ body }));
    assert.equal(seen, "m v=1 1");
  });

  it("refuses header values and paths with line breaks, and sends nothing", async (t) => {
    let connections = 0;
    const port = await listen(
      t,
      net.createServer(() => connections++),
    );
    const client = open(t, `http://127.0.0.1:${port}`);
    for (const value of ["a\r\nx-b: 1", "a\nb", "a\rb", "a\0b"]) {
      await assertFails(client.send(request({ headers: { authorization: value } })), "protocol", false);
    }
    await assertFails(client.send(request({ path: "/write?db=a\r\nx: 1" })), "protocol", false);
    assert.equal(connections, 0);
  });

  it("does not follow a redirect", async (t) => {
    let redirected = 0;
    const other = await listen(
      t,
      http.createServer((_req, res) => {
        redirected++;
        res.end();
      }),
    );
    const port = await listen(
      t,
      http.createServer((_req, res) => {
        res.writeHead(307, { Location: `http://127.0.0.1:${other}/write` }).end();
      }),
    );
    const answer = await open(t, `http://127.0.0.1:${port}`).send(request());
    assert.equal(answer.status, 307);
    assert.equal(redirected, 0);
  });

  it("ignores informational answers before the real one", async (t) => {
    const port = await listen(
      t,
      rawServer((socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\n${NO_CONTENT}`)),
    );
    const answer = await open(t, `http://127.0.0.1:${port}`).send(request());
    assert.equal(answer.status, 204);
    assert.equal(answer.header("x-a"), undefined);
  });
});

describe("HTTP client: connections", () => {
  it("uses one connection for requests that follow each other", async (t) => {
    let connections = 0;
    const server = http.createServer((_req, res) => res.writeHead(204).end());
    server.on("connection", () => connections++);
    const client = open(t, `http://127.0.0.1:${await listen(t, server)}`);
    for (let i = 0; i < 20; i++) await client.send(request());
    assert.equal(connections, 1);
  });

  it("opens no more connections than allowed, also after connects have failed", async (t) => {
    const taken = net.createServer();
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    const freed = (taken.address() as net.AddressInfo).port;
    taken.close();
    await once(taken, "close");
    const client = open(t, `http://127.0.0.1:${freed}`, { connections: 2 });
    const refused = await Promise.all(Array.from({ length: 20 }, () => failureOf(client.send(request()))));
    assert.deepEqual([...new Set(refused.map(({ failure }) => failure))], ["refused"]);

    let connections = 0;
    const held: http.ServerResponse[] = [];
    const server = http.createServer((_req, res) => {
      held.push(res);
      // Answered in pairs: one connection would wait for ever.
      if (held.length === 2) for (const answer of held.splice(0)) answer.writeHead(204).end();
    });
    server.on("connection", () => connections++);
    await listen(t, server, freed);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.send(request())));
    assert.ok(answers.every(({ status }) => status === 204));
    assert.equal(connections, 2);
  });

  it("sends once more on a new connection what met an idle connection as the server closed it", async (t) => {
    const seen: string[] = [];
    const port = await listen(
      t,
      rawServer((socket, connection, number) => {
        seen.push(`${connection}.${number}`);
        if (connection === 1 && number === 2) socket.resetAndDestroy();
        else socket.write(NO_CONTENT);
      }),
    );
    const client = open(t, `http://127.0.0.1:${port}`);
    await client.send(request());
    assert.equal((await client.send(request())).status, 204);
    assert.deepEqual(seen, ["1.1", "1.2", "2.1"]);
  });

  it("says that the outcome is unknown when the second try finds no server", async (t) => {
    const server = rawServer((socket, _connection, number) => {
      if (number === 1) return socket.write(NO_CONTENT);
      server.close();
      return socket.resetAndDestroy();
    });
    const client = open(t, `http://127.0.0.1:${await listen(t, server)}`);
    await client.send(request());
    await assertFails(client.send(request()), "refused", true);
  });

  it("tries no third time", async (t) => {
    const seen: string[] = [];
    const port = await listen(
      t,
      rawServer((socket, connection, number) => {
        seen.push(`${connection}.${number}`);
        if (seen.length === 1) socket.write(NO_CONTENT);
        else socket.resetAndDestroy();
      }),
    );
    const client = open(t, `http://127.0.0.1:${port}`);
    await client.send(request());
    await assertFails(client.send(request()), "reset", true);
    assert.deepEqual(seen, ["1.1", "1.2", "2.1"]);
  });

  it("does not take the connection after an idle one for a used one", async (t) => {
    const seen: string[] = [];
    let idle: net.Socket | undefined;
    const port = await listen(
      t,
      rawServer((socket, connection, number) => {
        seen.push(`${connection}.${number}`);
        idle = socket;
        if (connection === 1) socket.write(NO_CONTENT);
        else socket.resetAndDestroy();
      }),
    );
    const client = open(t, `http://127.0.0.1:${port}`);
    await client.send(request());
    idle?.end();
    // Without a listener for the close on the client's side: it has come once the server's side is closed too.
    await once(idle as net.Socket, "close");
    await assertFails(client.send(request()), "reset", true);
    assert.deepEqual(seen, ["1.1", "2.1"]);
  });

  it("sends once only when a used connection ends after the answer began", async (t) => {
    let requests = 0;
    const port = await listen(
      t,
      rawServer((socket, _connection, number) => {
        requests++;
        if (number === 1) socket.write(NO_CONTENT);
        else socket.end("HTTP/1.1 2");
      }),
    );
    const client = open(t, `http://127.0.0.1:${port}`);
    await client.send(request());
    const error = await failureOf(client.send(request()));
    assert.equal(error.unknownOutcome, true);
    assert.equal(requests, 2);
  });

  it("aborts what is in flight and what waits when it is closed, and takes nothing more", async (t) => {
    const server = rawServer(() => {});
    const port = await listen(t, server);
    const client = open(t, `http://127.0.0.1:${port}`, { connections: 1 });
    const arrived = once(server, "connection");
    const inFlight = assertFails(client.send(request()), "closed", true);
    const waiting = assertFails(client.send(request()), "closed", false);
    const [socket] = (await arrived) as [net.Socket];
    await once(socket, "data");
    const gone = once(socket, "close");
    await client.close();
    await Promise.all([inFlight, waiting, gone]);
    await assertFails(client.send(request()), "closed", false);
  });
});

describe("HTTP client: failures", () => {
  it("refused", async (t) => {
    const server = net.createServer();
    const port = await listen(t, server);
    server.close();
    await once(server, "close");
    await assertFails(open(t, `http://127.0.0.1:${port}`).send(request()), "refused", false);
  });

  it("an unknown host name", async (t) => {
    const answer = Object.assign(new Error("getaddrinfo ENOTFOUND canary.example"), { code: "ENOTFOUND" });
    t.mock.method(dns, "lookup", (_host: string, _options: object, done: (error: Error) => void) => {
      process.nextTick(done, answer);
    });
    await assertFails(open(t, "http://canary.example:8086").send(request()), "dns", false);
  });

  it("a reset of a new connection is not tried again", async (t) => {
    let requests = 0;
    const port = await listen(
      t,
      rawServer((socket) => {
        requests++;
        socket.resetAndDestroy();
      }),
    );
    await assertFails(open(t, `http://127.0.0.1:${port}`).send(request()), "reset", true);
    assert.equal(requests, 1);
  });

  it("a server that never answers: its connection is closed, and the next request gets a new one", async (t) => {
    const server = rawServer((socket, connection) => connection > 1 && socket.write(NO_CONTENT));
    const closed = new Promise((resolve) =>
      server.once("connection", (socket) => socket.on("close", resolve)),
    );
    const port = await listen(t, server);
    const start = performance.now();
    const client = open(t, `http://127.0.0.1:${port}`, { connections: 1 });
    await assertFails(client.send(request({ timeoutMs: 100 })), "timeout", true);
    assert.ok(performance.now() - start < 2_000);
    await closed;
    assert.equal((await client.send(request())).status, 204);
  });

  it("an answer that dribbles in for longer than the timeout", async (t) => {
    const port = await listen(
      t,
      rawServer((socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        const timer = setInterval(() => socket.write("x"), 10);
        socket.on("close", () => clearInterval(timer));
      }),
    );
    await assertFails(open(t, `http://127.0.0.1:${port}`).send(request({ timeoutMs: 150 })), "timeout", true);
  });

  it("a wait for a free connection counts towards the timeout, and nothing was sent", async (t) => {
    let requests = 0;
    const port = await listen(
      t,
      rawServer((socket) => {
        if (++requests === 1) setTimeout(() => socket.write(NO_CONTENT), 200);
        else socket.write(NO_CONTENT);
      }),
    );
    const client = open(t, `http://127.0.0.1:${port}`, { connections: 1 });
    const first = client.send(request());
    await assertFails(client.send(request({ timeoutMs: 50 })), "timeout", false);
    const third = client.send(request());
    assert.equal((await first).status, 204);
    assert.equal((await third).status, 204);
    assert.equal(requests, 2);
  });

  it("a handshake that never ends is a connect timeout", async (t) => {
    const port = await listen(t, net.createServer());
    const client = open(t, `https://127.0.0.1:${port}`, { connectTimeoutMs: 100 });
    const start = performance.now();
    await assertFails(client.send(request()), "timeout", false);
    assert.ok(performance.now() - start < 3_000);
  });

  it("cut-off answers, by length and by chunks", async (t) => {
    for (const head of ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"]) {
      for (const connection of ["", "Connection: close\r\n"]) {
        const port = await listen(
          t,
          rawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n${head}${connection}\r\n5\r\nab`)),
        );
        await assertFails(open(t, `http://127.0.0.1:${port}`).send(request()), "reset", true);
      }
    }
  });

  it("an answer that is not HTTP", async (t) => {
    const port = await listen(
      t,
      rawServer((socket) => socket.end(`SSH-2.0-${SECRET}\r\n`)),
    );
    await assertFails(open(t, `http://127.0.0.1:${port}`).send(request()), "protocol", true);
  });

  it("reads no more of an endless answer than allowed, and goes on with the next request", async (t) => {
    const server = rawServer((socket, connection) => {
      if (connection > 1) return socket.write(NO_CONTENT);
      socket.write("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n");
      const chunk = `400\r\n${"e".repeat(1024)}\r\n`;
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on("drain", pour);
      return pour();
    });
    const port = await listen(t, server);
    const closed = new Promise((resolve) =>
      server.once("connection", (socket) => socket.on("close", resolve)),
    );
    const client = open(t, `http://127.0.0.1:${port}`, { connections: 1 });
    const answer = await client.send(request({ maxAnswerBytes: 1_500 }));
    assert.equal(answer.status, 500);
    assert.equal(text(answer.body), "e".repeat(1_500));
    await closed;
    assert.equal((await client.send(request())).status, 204);
  });

  it("takes an answer of exactly the allowed size whole and keeps its connection", async (t) => {
    let connections = 0;
    const server = http.createServer((_req, res) => res.end("x".repeat(1_000)));
    server.on("connection", () => connections++);
    const client = open(t, `http://127.0.0.1:${await listen(t, server)}`);
    for (let i = 0; i < 3; i++) assert.equal((await client.send(request())).body.byteLength, 1_000);
    assert.equal(connections, 1);
  });
});

describe("HTTP client: TLS", () => {
  let dir = "";
  const pem = (name: string): string => readFileSync(join(dir, name), "utf8");
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  };
  const newKey = (name: string): string[] =>
    `-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${name}.key -subj /CN=${name}`.split(
      " ",
    );

  function certificate(name: string, names: string, days: number): void {
    openssl("req", "-new", ...newKey(name), "-out", `${name}.csr`, "-addext", `subjectAltName=${names}`);
    const issuer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", `${name}.csr`, ...issuer, "-days", String(days), "-out", `${name}.pem`);
  }

  before(() => {
    dir = mkdtempSync(join(tmpdir(), "relay-tls-"));
    openssl("req", "-x509", ...newKey("ca"), "-out", "ca.pem", "-days", "2");
    openssl(
      "req",
      "-x509",
      ...newKey("self"),
      "-out",
      "self.pem",
      "-days",
      "2",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    );
    certificate("good", "IP:127.0.0.1,DNS:localhost", 2);
    certificate("wrong", "DNS:canary.example", 2);
    certificate("expired", "IP:127.0.0.1", -1);
    certificate("client", "DNS:relay", 2);
  });
  after(() => {
    if (dir !== "") rmSync(dir, { recursive: true });
  });

  function serve(t: TestContext, name: string, options: https.ServerOptions = {}): Promise<number> {
    const server = https.createServer(
      { key: pem(`${name}.key`), cert: pem(`${name}.pem`), ...options },
      (req, res) => {
        const socket = req.socket as TLSSocket;
        const subject = socket.getPeerCertificate().subject?.CN ?? "none";
        const serverName = (socket as TLSSocket & { servername?: string | false }).servername || "none";
        res.writeHead(200, { "x-client": String(subject), "x-sni": serverName }).end();
      },
    );
    server.on("tlsClientError", () => {});
    return listen(t, server);
  }

  it("accepts what the given CA signed, by address and by name", async (t) => {
    const port = await serve(t, "good");
    const tls = { skipVerification: false, ca: pem("ca.pem") };
    const byAddress = await open(t, `https://127.0.0.1:${port}`, { tls }).send(request());
    assert.equal(byAddress.header("x-sni"), "none");
    const byName = await open(t, `https://localhost:${port}`, { tls }).send(request());
    assert.equal(byName.header("x-sni"), "localhost");
  });

  it("refuses self-signed, wrong-name and expired certificates and an unknown CA, and says which", async (t) => {
    const refusals: [string, boolean, RegExp][] = [
      ["self", true, /^certificate: self-signed certificate$/],
      ["wrong", true, /^certificate: issued for another host name$/],
      ["expired", true, /^certificate: expired$/],
      ["good", false, /^certificate: unknown issuer$/],
    ];
    for (const [name, trusted, message] of refusals) {
      const port = await serve(t, name);
      const tls = { skipVerification: false, ...(trusted ? { ca: pem("ca.pem") } : {}) };
      const error = await assertFails(
        open(t, `https://127.0.0.1:${port}`, { tls }).send(request()),
        "tls",
        false,
      );
      assert.match(error.message, message);
    }
  });

  it("skips the verification for that client only", async (t) => {
    const port = await serve(t, "self");
    const lax = open(t, `https://127.0.0.1:${port}`, { tls: { skipVerification: true } });
    const strict = open(t, `https://127.0.0.1:${port}`);
    assert.equal((await lax.send(request())).status, 200);
    await assertFails(strict.send(request()), "tls", false);
    assert.equal(process.env["NODE_TLS_REJECT_UNAUTHORIZED"], undefined);
  });

  it("verifies even where the environment says otherwise", async (t) => {
    const port = await serve(t, "self");
    t.mock.method(process, "emitWarning", () => {});
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    await assertFails(open(t, `https://127.0.0.1:${port}`).send(request()), "tls", false);
  });

  it("shows its client certificate, and fails without when the server wants one", async (t) => {
    const port = await serve(t, "good", { requestCert: true, ca: pem("ca.pem") });
    const tls = { skipVerification: false, ca: pem("ca.pem") };
    const withCertificate = { ...tls, cert: pem("client.pem"), key: pem("client.key") };
    const answer = await open(t, `https://127.0.0.1:${port}`, { tls: withCertificate }).send(request());
    assert.equal(answer.header("x-client"), "client");
    await failureOf(open(t, `https://127.0.0.1:${port}`, { tls }).send(request()));
  });

  it("reports a server that does not speak TLS", async (t) => {
    const port = await listen(
      t,
      net.createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
    );
    await assertFails(open(t, `https://127.0.0.1:${port}`).send(request()), "tls", false);
  });

  it("throws at once when certificates cannot be used, also where Node would trust nobody, or all the world", () => {
    const wrong = [{ cert: "no PEM", key: "no PEM" }, { ca: "no PEM" }, { ca: "" }];
    for (const files of wrong) {
      const tls = { skipVerification: false, ...files };
      assert.throws(
        () =>
          createHttpClient({ origin: "https://127.0.0.1:1", connections: 1, connectTimeoutMs: 1_000, tls }),
        RelayError,
      );
    }
  });
});
