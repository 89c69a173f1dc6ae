/** The load generator, a process of its own: gets jobs from the one that forked it and reports what came of each. */
import { connect, type Socket } from "node:net";
import { createRequest, type WriteRequest } from "./payload.ts";
import { cpuTimeMs } from "./processes.ts";

export interface LoadJob {
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
  readonly connections: number;
  readonly linesPerWrite: number;
  /** How long a connection waits between an answer and its next write; at once if absent. */
  readonly pauseMs?: number;
  /** Time at the start that does not count. */
  readonly warmUpMs: number;
  readonly countedMs: number;
  /** Makes the points of this job different from those of others. */
  readonly run: number;
  /** The process whose CPU time is read when the counted time begins and ends. */
  readonly pid: number | undefined;
}

export interface LoadResult {
  /** Writes that were answered with 204 within the counted time. */
  readonly writes: number;
  /** Writes that were not, at any time. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  readonly countedMs: number;
  /** Undefined without writes. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly cpuMs: number | undefined;
}

/** A refusing or dying server is asked again after this time. */
const RECONNECT_MS = 20;
/** So long a job goes on to count if it has nothing to tell. */
const LONGEST_MS = 10_000;
const END_OF_HEAD = "\r\n\r\n";

class Load {
  readonly #job: LoadJob;
  readonly #connections = new Set<Connection>();
  #latencies: number[] = [];
  #writes = 0;
  #failed = 0;
  #firstFailure: string | undefined;
  #stopped = false;

  constructor(job: LoadJob) {
    this.#job = job;
  }

  async run(): Promise<LoadResult> {
    const { connections, linesPerWrite, path, run, warmUpMs, countedMs, pid } = this.#job;
    for (let i = 0; i < connections; i++) this.#open(createRequest(path, run, linesPerWrite, i));
    await sleep(warmUpMs);
    this.#latencies = [];
    const cpuBefore = pid === undefined ? undefined : cpuTimeMs(pid);
    const start = performance.now();
    await sleep(countedMs);
    // A time in which no write ended tells nothing: on a busy machine it becomes longer.
    while (this.#latencies.length === 0 && performance.now() - start < LONGEST_MS) await sleep(countedMs);
    const elapsed = performance.now() - start;
    const cpuAfter = pid === undefined ? undefined : cpuTimeMs(pid);
    this.#stopped = true;
    for (const connection of this.#connections) connection.close();
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      writes: sorted.length,
      failed: this.#failed,
      firstFailure: this.#firstFailure,
      countedMs: elapsed,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      cpuMs: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
    };
  }

  #open(request: WriteRequest): void {
    if (this.#stopped) return;
    const { host, port, pauseMs } = this.#job;
    const connection = new Connection(connect({ host, port, noDelay: true }), request, {
      pauseMs,
      next: () => this.#writes++,
      stored: (ms) => void this.#latencies.push(ms),
      failed: (why) => {
        this.#connections.delete(connection);
        if (this.#stopped) return;
        this.#failed++;
        this.#firstFailure ??= why;
        setTimeout(() => this.#open(request), RECONNECT_MS);
      },
    });
    this.#connections.add(connection);
  }
}

interface ConnectionEvents {
  /** Between an answer and the next write. */
  readonly pauseMs: number | undefined;
  /** The number of the next write. */
  next(): number;
  stored(ms: number): void;
  /** The connection cannot be used any more. Called once. */
  failed(why: string): void;
}

/** Sends one write after the other, each when the one before was answered. */
class Connection {
  readonly #socket: Socket;
  readonly #request: WriteRequest;
  readonly #events: ConnectionEvents;
  #answer = "";
  #sentAt = 0;
  #failed = false;

  constructor(socket: Socket, request: WriteRequest, events: ConnectionEvents) {
    this.#socket = socket;
    this.#request = request;
    this.#events = events;
    socket.on("connect", () => this.#send());
    socket.on("data", (chunk) => this.#received(chunk));
    socket.on("error", (error) => this.#fail(error.message));
    socket.on("close", () => this.#fail("the server closed the connection"));
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(): void {
    // The answer to the write before proves that nobody reads the bytes any more.
    this.#request.renew(this.#events.next());
    this.#sentAt = performance.now();
    this.#socket.write(this.#request.bytes);
  }

  #received(chunk: Buffer): void {
    this.#answer += chunk.toString("latin1");
    const end = this.#answer.indexOf(END_OF_HEAD);
    if (end < 0) return;
    // A 204 never has a body (RFC 9110 section 15.3.5); after anything else the connection is given up.
    if (!this.#answer.startsWith("204", "HTTP/1.1 ".length)) {
      this.#fail(this.#answer.slice(0, 300));
      return;
    }
    this.#answer = this.#answer.slice(end + END_OF_HEAD.length);
    this.#events.stored(performance.now() - this.#sentAt);
    if (this.#events.pauseMs === undefined) this.#send();
    else setTimeout(() => this.#failed || this.#send(), this.#events.pauseMs);
  }

  #fail(why: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#socket.destroy();
    this.#events.failed(why);
  }
}

function percentile(sorted: Float64Array, share: number): number | undefined {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)];
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

process.on("message", (job: LoadJob) => {
  void new Load(job).run().then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit());
