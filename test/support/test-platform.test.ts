import assert from "node:assert/strict";
import { test } from "node:test";
import { TransportError } from "../../src/errors.ts";
import { createTestPlatform } from "./test-platform.ts";

const client = { connections: 1, connectTimeoutMs: 1_000, tls: { skipVerification: false } };
const request = { method: "POST", path: "/write", headers: {}, timeoutMs: 100, maxAnswerBytes: 10 } as const;

test("a scripted server that does not answer runs into the time limit of the request", async () => {
  const platform = createTestPlatform({ http: () => new Promise(() => {}) });
  const answer = platform.openHttp({ origin: "http://a", ...client }).send(request);
  const failed = assert.rejects(
    answer,
    (error) => error instanceof TransportError && error.failure === "timeout",
  );
  await platform.clock.advance(100);
  await failed;
  assert.equal(platform.clock.pending, 0);
});

test("closing a client ends what is in flight", async () => {
  const platform = createTestPlatform({ http: () => new Promise(() => {}) });
  const http = platform.openHttp({ origin: "http://a", ...client });
  const answer = http.send(request);
  await Promise.all([
    assert.rejects(answer, (error) => error instanceof TransportError && error.failure === "closed"),
    http.close(),
  ]);
});

test("deferred work waits for the promises of its turn, or for the test", async () => {
  const automatic = createTestPlatform();
  const order: string[] = [];
  automatic.defer(() => order.push("deferred"));
  void (async () => {
    for (let i = 0; i < 50; i++) await null;
    order.push("promise");
  })();
  await automatic.endTurn();
  assert.deepEqual(order, ["promise", "deferred"]);

  const manual = createTestPlatform({ defer: "manual" });
  let ran = false;
  manual.defer(() => {
    ran = true;
  });
  await manual.clock.advance(1_000);
  assert.equal(ran, false);
  await manual.endTurn();
  assert.equal(ran, true);
});

test("the gzip ports invert each other and refuse what inflates too far", async () => {
  const platform = createTestPlatform();
  const packed = await platform.gzip(new Uint8Array(5_000).fill(120));
  assert.equal((await platform.gunzip(packed, 5_000)).length, 5_000);
  await assert.rejects(async () => platform.gunzip(packed, 4_999), { tooLarge: true });
  await assert.rejects(async () => platform.gunzip(packed.subarray(0, -9), 5_000), {
    message: "unexpected EOF",
  });
});
