import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createHttpClient } from "../../../adapters/node/http-client.ts";
import { TransportError } from "../../../src/errors.ts";
import type { HttpClient, HttpStream, HttpStreamRequest } from "../../../src/platform.ts";
import { poll } from "../../support/wait.ts";

const REQUEST: HttpStreamRequest = {
  method: "GET",
  path: "/query?q=x",
  headers: {},
  timeoutMs: 5_000,
  idleTimeoutMs: 5_000,
};

/** A client with one connection to a server that answers so. */
async function scene(t: TestContext, answer: http.RequestListener): Promise<HttpClient> {
  const sockets = new Set<Socket>();
  const server = http.createServer(answer);
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const tls = { skipVerification: false };
  const client = createHttpClient({
    origin: `http://127.0.0.1:${port}`,
    connections: 1,
    connectTimeoutMs: 2_000,
    tls,
  });
  t.after(async () => {
    await client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return client;
}

async function textOf(stream: HttpStream): Promise<string> {
  return new Response(stream.body as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

const isFailure = (failure: string) => (error: unknown) =>
  error instanceof TransportError && error.failure === failure;

describe("HTTP client: streamed answers", () => {
  it("gives status and all headers before the body is there, then every piece as it comes", async (t) => {
    const go = Promise.withResolvers<void>();
    const client = await scene(t, async (_, res) => {
      res.writeHead(200, { "X-Influxdb-Version": "1.6.7", "Set-Cookie": ["a", "b"] });
      res.write("first,");
      await go.promise;
      res.end("last");
    });
    const stream = await client.stream(REQUEST);
    assert.equal(stream.status, 200);
    assert.equal(stream.header("x-influxdb-version"), "1.6.7");
    const cookies = [...stream.headers].filter(([name]) => name === "Set-Cookie");
    assert.deepEqual(
      cookies.map(([, value]) => value),
      ["a", "b"],
    );
    const reader = stream.body.getReader();
    const first = await reader.read();
    assert.equal(new TextDecoder().decode(first.value), "first,");
    go.resolve();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "last");
    assert.equal((await reader.read()).done, true);
  });

  it("uses the connection again once the body was read, and lets the next one wait for it until then", async (t) => {
    const ports = new Set<number | undefined>();
    const client = await scene(t, (req, res) => {
      ports.add(req.socket.remotePort);
      res.end(req.url);
    });
    const first = await client.stream({ ...REQUEST, path: "/1" });
    const second = client.stream({ ...REQUEST, path: "/2" });
    assert.equal(await textOf(first), "/1");
    assert.equal(await textOf(await second), "/2");
    assert.equal(ports.size, 1);
  });

  it("reads no further ahead than a little when nobody reads, and loses nothing", async (t) => {
    const size = 32 * 1024 * 1024;
    let sent = 0;
    const client = await scene(t, (_, res) => {
      const piece = Buffer.alloc(256 * 1024, "x");
      const more = () => {
        while (sent < size) {
          sent += piece.byteLength;
          if (!res.write(piece)) return void res.once("drain", more);
        }
        res.end();
      };
      more();
    });
    const stream = await client.stream(REQUEST);
    let before = 0;
    const stalls = async () => {
      const stalled = sent > 512 * 1024 && before === sent;
      before = sent;
      return stalled;
    };
    await poll(stalls, "the server cannot send more");
    assert.ok(sent < size, `${sent} bytes were taken although nobody reads`);
    let length = 0;
    for await (const chunk of stream.body) length += chunk.byteLength;
    assert.equal(length, size);
  });

  it("cancelling the body closes the connection", async (t) => {
    const closed = Promise.withResolvers<void>();
    const client = await scene(t, (_, res) => {
      res.on("close", () => closed.resolve());
      res.write("x");
    });
    const stream = await client.stream(REQUEST);
    await stream.body.cancel();
    await closed.promise;
  });

  it("the caller's signal ends it: before an answer, while the body comes, and before it was sent", async (t) => {
    const closed: string[] = [];
    const client = await scene(t, (req, res) => {
      res.on("close", () => closed.push(req.url ?? ""));
      if (req.url === "/body") res.write("x");
    });
    for (const path of ["/silent", "/body"]) {
      const caller = new AbortController();
      const asked = client.stream({ ...REQUEST, path, signal: caller.signal });
      if (path === "/body") {
        const { body } = await asked;
        caller.abort();
        await assert.rejects(new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).text());
      } else {
        setImmediate(() => caller.abort());
        await assert.rejects(asked, isFailure("closed"));
      }
    }
    await poll(async () => closed.includes("/body"), "the connection is closed");
    await assert.rejects(client.stream({ ...REQUEST, signal: AbortSignal.abort() }), isFailure("closed"));
  });

  it("an answer that breaks off is an error of the body, not its end", async (t) => {
    const client = await scene(t, (_, res) => {
      res.write("half", () => res.destroy());
    });
    const stream = await client.stream(REQUEST);
    const reader = stream.body.getReader();
    const read = async () => {
      for (;;) if ((await reader.read()).done) return;
    };
    await assert.rejects(read(), isFailure("reset"));
  });

  it("a server that stops in the middle is a timeout; a reader that stops is not", async (t) => {
    const client = await scene(t, (req, res) => {
      res.write(req.url === "/large" ? Buffer.alloc(4 * 1024 * 1024) : "x");
      if (req.url === "/large") res.end();
    });
    const slow = await client.stream({ ...REQUEST, path: "/large", idleTimeoutMs: 50 });
    const since = performance.now();
    await poll(async () => performance.now() - since > 150, "three times the limit has passed");
    assert.equal((await textOf(slow)).length, 4 * 1024 * 1024);
    const stuck = await client.stream({ ...REQUEST, path: "/stuck", idleTimeoutMs: 50 });
    await assert.rejects(textOf(stuck), isFailure("timeout"));
  });

  it("no answer in time and a closed client are what they are for whole answers", async (t) => {
    const client = await scene(t, () => {});
    await assert.rejects(client.stream({ ...REQUEST, timeoutMs: 50 }), isFailure("timeout"));
    const asked = assert.rejects(client.stream(REQUEST), isFailure("closed"));
    await client.close();
    await asked;
    await assert.rejects(client.stream(REQUEST), isFailure("closed"));
  });
});
