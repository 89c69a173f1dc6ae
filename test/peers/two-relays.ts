import assert from "node:assert/strict";
import { createAdminApp } from "../../src/admin/app.ts";
import { RunningBackends } from "../../src/admin/running-backends.ts";
import { Backend } from "../../src/backend/backend.ts";
import type { AdminConfig } from "../../src/config/config.ts";
import { Secret } from "../../src/config/secret.ts";
import { TransportError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";
import type { PeerAnswer } from "../../src/peers/peer-answer.ts";
import { Peers } from "../../src/peers/peers.ts";
import { readRequest } from "../../src/write/body.ts";
import { OUTPUT } from "../backend/replica-set.ts";
import { FIGURES } from "../support/figures.ts";
import { testPage, webStream } from "../support/status-page.ts";
import { createTestPlatform, httpAnswer, type SentRequest } from "../support/test-platform.ts";

const TOKEN = "canary7peers";

/** What a relay tells of itself, as the test changes it. */
export type Self = { -readonly [Key in keyof Omit<PeerAnswer, "id">]: Omit<PeerAnswer, "id">[Key] };

export interface TestRelay {
  readonly peers: Peers;
  /** Its own view of the server b. */
  readonly b: Backend;
  readonly self: Self;
  /** Nobody reaches it. */
  down: boolean;
  readonly app: { fetch(request: Request): Response | Promise<Response> };
}

/**
 * Relays named r0, r1 and so on, which name each other as peers, without a network and on one virtual clock. `databases`
 * are those that the server b tells it has, once it answers.
 */
export function createRelays(count: number, databases: () => Promise<string[]> = async () => []) {
  const relays: TestRelay[] = [];
  const platform = createTestPlatform({
    http: async (request) => {
      if (request.origin === "http://b") return showDatabases(await databases());
      const relay =
        relays[Number(/^http:\/\/r(\d+):/.exec(request.origin)?.[1])] ?? assert.fail(request.origin);
      if (relay.down) throw new TransportError("refused", false, "connection refused");
      const response = await relay.app.fetch(asRequest(request));
      return httpAnswer(response.status, await response.text());
    },
  });
  const log = createLog(platform.log, platform.clock);
  const adminOf = (own: number): AdminConfig => ({
    bindAddr: { host: "127.0.0.1", port: 0 },
    // Who has none is let in from a loopback address: a digest of a token would take real time, of which the clock knows nothing.
    token: undefined,
    peers: relays.flatMap((_, i) => (i === own ? [] : [`http://r${i}:9097`])),
    peerToken: new Secret(TOKEN),
    peerCa: undefined,
  });
  for (let i = 0; i < count; i++) {
    const self: Self = { backends: ["a", "b"], listeners: [{ name: "main" }] };
    const peers = new Peers({ platform, log, self: () => self });
    const b = new Backend("b", { ...OUTPUT, name: "b", origin: "http://b" }, platform, log);
    const backends = new RunningBackends({
      ...{ platform, log, backends: () => [b], status: () => ({}) },
      ...{ claims: peers.claims, peer: () => peers.self() },
    });
    const app = createAdminApp({
      config: adminOf(i),
      spool: {} as never,
      figures: () => FIGURES,
      page: testPage(platform),
      ...{ backends, log },
      ports: {
        readBody: (c, limit) => readRequest(c.req.raw, limit),
        clientAddress: () => "192.0.2.1",
        stream: webStream,
      },
    });
    relays.push({ peers, b, self, down: false, app });
  }
  for (const [i, { peers }] of relays.entries()) peers.apply(adminOf(i));
  return { relays, platform, clock: platform.clock, adminOf };
}

function showDatabases(names: readonly string[]) {
  const series = { name: "databases", columns: ["name"], values: names.map((name) => [name]) };
  return httpAnswer(200, JSON.stringify({ results: [{ statement_id: 0, series: [series] }] }));
}

function asRequest({ path, method, headers, body }: SentRequest): Request {
  return new Request(`http://127.0.0.1${path}`, {
    method,
    headers,
    ...(method === "POST" && { body: body as never }),
  });
}
