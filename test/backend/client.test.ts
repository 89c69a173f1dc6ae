import assert from "node:assert/strict";
import { test } from "node:test";
import { BackendClient } from "../../src/backend/client.ts";
import type { OutputConfig } from "../../src/config/config.ts";
import { Secret } from "../../src/config/secret.ts";
import type { Credentials, Write } from "../../src/writer.ts";
import { createTestPlatform, httpAnswer } from "../support/test-platform.ts";
import { OUTPUT } from "./replica-set.ts";

const client = { authorization: "Basic Y2xpZW50" };

async function send(
  body: string,
  options: {
    output?: Partial<OutputConfig>;
    rp?: string;
    precision?: string;
    credentials?: Credentials;
  } = {},
) {
  const platform = createTestPlatform();
  const { output, rp = "", precision = "", credentials } = options;
  const write: Write = {
    destination: { db: "d/é &\r\n", rp, precision, credentials },
    body: new TextEncoder().encode(body),
    hasLines: true,
    closed: true,
    source: "",
    keep: "acknowledged",
    consistency: "one",
  };
  await new BackendClient({ ...OUTPUT, ...output }, platform).write(write.destination, [write.body]);
  const [request] = platform.sent;
  return { platform, request: request ?? assert.fail("nothing was sent") };
}

test("the parameters are percent-encoded once, and the headers are the relay's own", async () => {
  const { request } = await send("m v=1 1", {
    rp: "a b",
    precision: "ms",
    output: { writePath: "/influx/write" },
  });
  assert.equal(request.path, "/influx/write?db=d%2F%C3%A9%20%26%0D%0A&rp=a%20b&precision=ms");
  assert.deepEqual(request.headers, { "content-type": "text/plain; charset=utf-8" });
  assert.equal(request.text, "m v=1 1");
});

test("the client's credentials go on, unless the output has its own", async () => {
  const passed = await send("m v=1 1", { credentials: client });
  assert.equal(passed.request.headers["authorization"], "Basic Y2xpZW50");
  const own = await send("m v=1 1", {
    credentials: client,
    output: { authorization: new Secret("Token own") },
  });
  assert.equal(own.request.headers["authorization"], "Token own");
});

test("an output with gzip gets what is worth compressing compressed", async () => {
  const body = "m v=1 1\n".repeat(1_000);
  const { platform, request } = await send(body, { output: { gzip: true } });
  assert.equal(request.headers["content-encoding"], "gzip");
  const inflated = await platform.gunzip(request.body, 1e6);
  assert.equal(new TextDecoder().decode(inflated), body);
  assert.ok(request.body.byteLength < 200);
  const small = await send("m v=1 1", { output: { gzip: true } });
  assert.equal(small.request.headers["content-encoding"], undefined);
});

test("a ping is alive with any answer that is not the server's own error", async () => {
  for (const [status, alive] of [
    [204, true],
    [401, true],
    [404, true],
    [503, false],
  ] as const) {
    const platform = createTestPlatform({
      http: () => httpAnswer(status, "", { "X-Influxdb-Version": "1.8.3" }),
    });
    const backend = new BackendClient({ ...OUTPUT, writePath: "/x/write" }, platform);
    assert.equal(await backend.ping(), alive, String(status));
    assert.equal(platform.sent[0]?.path, "/x/ping");
    assert.equal(backend.version?.version, "1.8.3");
  }
});

test("a body in pieces goes out as one, also compressed and in halves", async () => {
  const pieces = ["a v=1 1\n", "b v=1 1", "\n", "c v=1 1"].map((text) => new TextEncoder().encode(text));
  const destination = { db: "d", rp: "", precision: "", credentials: undefined };
  const platform = createTestPlatform({
    http: ({ text }) => httpAnswer(text.length > 20 ? 413 : 204),
  });
  const { reply } = await new BackendClient(OUTPUT, platform).write(destination, pieces);
  assert.equal(reply.status, 204);
  assert.deepEqual(
    platform.sent.map(({ text }) => text),
    ["a v=1 1\nb v=1 1\nc v=1 1", "a v=1 1", "b v=1 1", "c v=1 1"],
  );
});

test("an error that nobody expects is logged, and the write tried again later", async () => {
  const platform = {
    ...createTestPlatform(),
    gzip: () => {
      throw new RangeError("out of memory");
    },
  };
  const pieces = [new Uint8Array(10_000).fill(0x20)];
  const destination = { db: "d", rp: "", precision: "", credentials: undefined };
  const result = await new BackendClient({ ...OUTPUT, gzip: true }, platform).write(destination, pieces);
  assert.deepEqual([result.reply.kind, result.unknownOutcome], ["unreachable", true]);
  assert.equal(platform.logged[0]?.event, "internal-error");
});
