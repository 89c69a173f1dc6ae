import { Backend } from "../../src/backend/backend.ts";
import type { BackendStorage } from "../../src/backend/backend-storage.ts";
import type { OutputConfig, SpoolConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/observe/log.ts";
import type { HttpAnswer } from "../../src/platform.ts";
import { ChangeFanOut } from "../../src/query/change-fan-out.ts";
import { Budget } from "../../src/write/budget.ts";
import { FanOut } from "../../src/write/fan-out.ts";
import type { Change, Consistency, Credentials, Reply, Write } from "../../src/writer.ts";
import {
  createTestPlatform,
  httpAnswer,
  type Script,
  type SentRequest,
  type TestPlatform,
} from "../support/test-platform.ts";

const encoder = new TextEncoder();
const never = new AbortController().signal;

export const OUTPUT: OutputConfig = {
  name: "a",
  origin: "http://a",
  writePath: "/write",
  v2: undefined,
  timeoutMs: 10_000,
  bufferSize: 64 * 1024 * 1024,
  maxBatchBytes: 1024 * 1024,
  maxDelayIntervalMs: 10_000,
  healthCheckIntervalMs: 1_000,
  drainMaxRate: 1024 * 1024 * 1024,
  skipTlsVerification: false,
  ca: undefined,
  cert: undefined,
  key: undefined,
  gzip: false,
  weight: 1,
  maxConcurrentQueries: 64,
  authorization: undefined,
};

export const SPOOL: SpoolConfig = {
  dir: "spool",
  fsync: "always",
  fsyncIntervalMs: 100,
  graceMs: 10,
  maxSize: 1024 * 1024 * 1024,
  maxRecords: 1_000_000,
  maxAgeMs: 7 * 24 * 3_600_000,
  whenFull: "drop-oldest",
  holdMaxSize: 1024 * 1024 * 1024,
  deadLetterMaxSize: 64 * 1024 * 1024,
  poisonAfterMs: 600_000,
  storeCredentials: true,
  credentialsKey: undefined,
};

export interface PostOptions {
  readonly db?: string;
  readonly rp?: string;
  readonly precision?: string;
  readonly credentials?: Credentials;
  readonly source?: string;
  readonly closed?: boolean;
  readonly keep?: Write["keep"];
  readonly consistency?: Consistency;
}

/** A fan-out over backends whose servers the test scripts by origin: `http://a`, `http://b`, ... */
export function createReplicaSet(
  script: (request: SentRequest) => ReturnType<Script>,
  options: {
    readonly outputs?: readonly Partial<OutputConfig>[];
    readonly seed?: number;
    /** What is stored for each backend, in order; nothing if absent. */
    readonly storages?: readonly BackendStorage[];
    readonly platform?: TestPlatform;
  } = {},
) {
  const platform = options.platform ?? createTestPlatform({ http: script, seed: options.seed ?? 1 });
  const log = createLog(platform.log, platform.clock);
  const outputs = options.outputs ?? [{}, {}];
  const backends = outputs.map((output, i) => {
    const name = String.fromCharCode(97 + i);
    const config = { ...OUTPUT, name, origin: `http://${name}`, ...output };
    return new Backend(name, config, platform, log, options.storages?.[i]);
  });
  const budget = new Budget(1024 * 1024 * 1024);
  const spool = options.storages?.[0] && {
    graceMs: options.storages[0].config.graceMs,
    refuseWhenFull: options.storages[0].config.whenFull === "refuse",
  };
  const { clock } = platform;
  const fanOut = new FanOut({
    ...{ replicas: backends, clock, deadlineMs: 10_000, budget },
    ...(spool && { spool }),
  });

  function post(
    body: string,
    {
      db = "d",
      rp = "",
      precision = "",
      credentials,
      keep,
      consistency,
      source = "",
      closed = true,
    }: PostOptions = {},
  ): Promise<Reply> {
    const write: Write = {
      destination: { db, rp, precision, credentials },
      body: encoder.encode(body),
      hasLines: true,
      closed,
      source,
      keep: keep ?? "acknowledged",
      consistency: consistency ?? "one",
    };
    return fanOut.post(write, never);
  }

  const changes = new ChangeFanOut({ replicas: backends, clock, onDisk: spool !== undefined });

  /** Sends a statement to every backend. */
  function change(text: string, how: Partial<Change> = {}): Promise<Reply> {
    const common = { db: "d", rp: "", scope: ["d"], hasPassword: false, credentials: undefined };
    return changes.post({ text, ...common, timeoutMs: 10_000, ...how }, never);
  }

  /** Lines that were sent to a server, in order, however they were joined; and statements. */
  function writes(name: string): string[] {
    return platform.sent
      .filter(({ origin, method }) => origin === `http://${name}` && method === "POST")
      .flatMap((request) => statementIn(request) ?? request.text.trimEnd().split("\n"));
  }

  return { platform, clock: platform.clock, backends, budget, post, change, writes };
}

/** The statement that a request is to execute; undefined if it is no such request. */
export function statementIn({ method, path, text }: SentRequest): string | undefined {
  if (method !== "POST" || !path.endsWith("/query")) return undefined;
  return new URLSearchParams(text).get("q") ?? "";
}

/** As InfluxDB answers a statement. */
export const EXECUTED = httpAnswer(200, '{"results":[{"statement_id":0}]}\n');
export function statementFailed(error: string): HttpAnswer {
  return httpAnswer(200, `${JSON.stringify({ results: [{ statement_id: 0, error }] })}\n`);
}
