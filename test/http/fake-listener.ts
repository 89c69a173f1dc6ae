import type { Hono } from "hono";
import { createApp } from "../../src/app.ts";
import type { HttpListenerConfig } from "../../src/config/config.ts";
import { GunzipError } from "../../src/errors.ts";
import {
  type AppListener,
  type AppPorts,
  createHttpAnswers,
  createHttpCounters,
} from "../../src/http/listener.ts";
import { createLog } from "../../src/observe/log.ts";
import type { Clock, LogFields, Platform } from "../../src/platform.ts";
import { streamOf } from "../../src/query/body.ts";
import { createQueryCounters } from "../../src/query/counters.ts";
import { readRequest } from "../../src/write/body.ts";
import type { Reply, Write } from "../../src/writer.ts";

export const STORED: Reply = {
  kind: "stored",
  status: 204,
  body: new Uint8Array(0),
  contentType: undefined,
  influxError: undefined,
  retryAfter: undefined,
};

/** 2023-11-14T22:13:20Z. */
export const NOW_MS = 1_700_000_000_000;

const clock: Clock = {
  now: () => NOW_MS,
  nowNs: () => BigInt(NOW_MS) * 1_000_000n,
  monotonic: () => 0,
  after: () => ({ cancel: () => undefined }),
};

export interface Fixture {
  readonly app: Hono;
  readonly listener: AppListener;
  /** What reached the writer. */
  readonly writes: Write[];
  readonly logged: { event: string; fields: LogFields }[];
}

export interface FixtureOptions {
  readonly config?: Partial<HttpListenerConfig>;
  readonly listener?: Partial<AppListener>;
  readonly ports?: Partial<AppPorts>;
  readonly reply?: (write: Write) => Reply | Promise<Reply>;
}

export const CONFIG: HttpListenerConfig = {
  name: "main",
  bindAddr: { host: "127.0.0.1", port: 0 },
  defaultRetentionPolicy: "",
  sslCombinedPem: undefined,
  consistency: "one",
  honourConsistency: false,
  auth: [],
  maxBodySize: 10_000,
  maxConnections: 100,
  reusePort: false,
  requestTimeoutMs: 5_000,
  query: "spread",
  queryTimeoutMs: 5_000,
  syncWaitMs: 500,
  maxRowsPulled: 1_000_000,
  readOnly: false,
  deny: [],
  outputs: [],
  sharding: undefined,
};

/** An app in front of a writer that remembers what it was given. */
export function fixture(options: FixtureOptions = {}): Fixture {
  const writes: Write[] = [];
  const logged: Fixture["logged"] = [];
  const sink: Platform["log"] = (_level, event, fields) => logged.push({ event, fields });
  const listener: AppListener = {
    config: { ...CONFIG, ...options.config },
    writer: () => ({
      post: async (write) => {
        writes.push(write);
        return options.reply === undefined ? STORED : options.reply(write);
      },
    }),
    queries: () => {
      throw new Error("not in this test");
    },
    queryCounters: createQueryCounters(),
    signal: new AbortController().signal,
    stampClock: clock.nowNs,
    log: createLog(sink, clock),
    counters: createHttpCounters(),
    answers: createHttpAnswers(),
    backendVersion: () => ({ version: "1.6.7", build: "OSS" }),
    ready: () => ({ writes: true, queries: true }),
    outOfSync: () => [],
    status: () => ({ backends: [] }),
    ...options.listener,
  };
  const platform: Platform = {
    runtime: "node",
    clock,
    random: () => 0.5,
    defer: (run) => queueMicrotask(run),
    log: sink,
    openHttp: () => {
      throw new Error("not in this test");
    },
    gunzip: gunzipStream,
    gzip: (bytes) => bytes,
  };
  const ports: AppPorts = {
    clientAddress: () => "",
    readBody: (c, limit) => readRequest(c.req.raw, limit),
    stream: (_c, status, headers, body) => new Response(streamOf(body), { status, headers }),
    platform,
    ...options.ports,
  };
  return { app: createApp(listener, ports), listener, writes, logged };
}

/** Web-standard, so that these tests run on every runtime; says less about damage than the adapter's own. */
async function gunzipStream(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const inflated = new Response(packed.pipeThrough(new DecompressionStream("gzip")));
  try {
    return await readRequest(
      new Request("http://test/", { method: "POST", body: inflated.body, duplex: "half" } as RequestInit),
      maxBytes,
    );
  } catch (error) {
    const tooLarge = error instanceof Error && "reason" in error && error.reason === "too-large";
    throw new GunzipError("unexpected EOF", tooLarge);
  }
}

export async function gzipStream(bytes: Uint8Array): Promise<Uint8Array> {
  const plain = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  return new Uint8Array(await new Response(plain.pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
