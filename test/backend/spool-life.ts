import assert from "node:assert/strict";
import { TransportError } from "../../src/errors.ts";
import { createLog } from "../../src/observe/log.ts";
import type { HttpAnswer, SpoolRoot } from "../../src/platform.ts";
import type { SpoolChunk } from "../../src/spool/log.ts";
import { SegmentLog } from "../../src/spool/segment-log.ts";
import type { CrashableFiles } from "../support/crashable-files.ts";
import { createTestPlatform, httpAnswer, type SentRequest } from "../support/test-platform.ts";
import { openCrashable } from "./crashable-storage.ts";
import { createReplicaSet, type OUTPUT, type PostOptions, SPOOL } from "./replica-set.ts";

/** How a server answers a write; it stored it if that is a 204. */
export type Answer = (request: SentRequest) => HttpAnswer | Promise<HttpAnswer>;

export const UP: Answer = () => httpAnswer(204);
export const DOWN: Answer = () => {
  throw new TransportError("refused", false, "connection refused");
};

/** A write that a server was sent. */
export interface Sent {
  readonly atMs: number;
  readonly db: string | null;
  readonly bytes: number;
  readonly lines: readonly string[];
  readonly authorization: string | undefined;
}

export const dbOf = ({ path }: SentRequest) => new URLSearchParams(path.split("?")[1]).get("db");
export const linesOf = ({ text }: SentRequest) => text.trimEnd().split("\n");

interface Options {
  readonly spool?: Partial<typeof SPOOL>;
  readonly output?: Partial<typeof OUTPUT>;
  readonly startMs?: number;
  /** Of the log of what `b` lacks; small unless given, which takes long with many writes. */
  readonly segmentBytes?: number;
}

/** One life of a relay with a spool in these files, over a server `a` that is up and a server `b` that answers so. */
export async function startLife(files: CrashableFiles, answer: Answer, options: Options = {}) {
  const a = { stored: [] as string[] };
  const b = { answer, stored: [] as string[], sent: [] as Sent[] };
  const platform = createTestPlatform({
    ...(options.startMs !== undefined && { startMs: options.startMs }),
    http: async (request) => {
      const isWrite = request.path.startsWith("/write");
      const lines = isWrite ? linesOf(request) : [];
      if (request.origin === "http://a") {
        a.stored.push(...lines);
        return httpAnswer(204);
      }
      const authorization = request.headers["authorization"];
      const bytes = request.body.byteLength;
      if (isWrite)
        b.sent.push({ atMs: platform.clock.monotonic(), db: dbOf(request), bytes, lines, authorization });
      const answered = isWrite || b.answer === DOWN ? await b.answer(request) : httpAnswer(204);
      if (answered.status === 204) b.stored.push(...lines);
      return answered;
    },
  });
  let root: SpoolRoot | undefined;
  const open = files.open.bind(files);
  files.open = async () => {
    root = await open();
    return root;
  };
  const config = { ...SPOOL, ...options.spool };
  const storages = await openCrashable(files, ["a", "b"], platform, config);
  if (options.segmentBytes !== undefined && storages[1] !== undefined) {
    const main = await SegmentLog.open({
      ...{
        directory: files.directory("large"),
        prefix: "main",
        backend: "b",
        segmentBytes: options.segmentBytes,
      },
      ...{ fsync: config.fsync, fsyncIntervalMs: config.fsyncIntervalMs, clock: platform.clock },
      ...{ log: createLog(platform.log, platform.clock), atLeast: 0 },
    });
    storages[1] = { ...storages[1], spool: { ...storages[1].spool, main } };
  }
  const outputs = [{}, options.output ?? {}];
  const { backends, post, clock } = createReplicaSet(() => httpAnswer(204), { platform, storages, outputs });
  for (const backend of backends) await backend.open();
  const backend = backends[1] ?? assert.fail();
  const storage = storages[1] ?? assert.fail();

  /** Resolves once the write is acknowledged, which is at most the grace later. */
  async function write(line: string, how?: PostOptions): Promise<void> {
    let status: number | undefined;
    void post(line, how).then((reply) => {
      status = reply.status;
    });
    await clock.advance(config.graceMs);
    for (let ms = 0; status === undefined && ms < 1_000; ms++) await clock.advance(1);
    assert.equal(status, 204);
  }

  /** Ends as a relay does that is told to. */
  async function stop(): Promise<void> {
    await Promise.all(backends.map((each) => each.stop()));
    await root?.close();
    files.open = open;
  }

  const deadLetters = async (): Promise<SpoolChunk["records"]> =>
    (await storage.spool.dead.read(backend.deadLetters?.first ?? 0, 1 << 20)).records;
  return {
    files,
    a,
    b,
    backend,
    storage,
    clock,
    platform,
    post,
    write,
    stop,
    deadLetters,
    status: () => backend.status(),
  };
}

/** A line with this number as value and time. */
export const line = (i: number, more = "") => `m${more} v=${i} ${i}`;
export const numbersOf = (lines: readonly string[]) => lines.map((each) => Number(each.split(" ").at(-1)));
export const upTo = (end: number, first = 0) => Array.from({ length: end - first }, (_, i) => first + i);
