import { GunzipError, TransportError } from "../../src/errors.ts";
import type {
  HttpAnswer,
  HttpClient,
  HttpClientOptions,
  HttpRequest,
  HttpStream,
  HttpStreamRequest,
  LogFields,
  LogLevel,
  Platform,
} from "../../src/platform.ts";
import { createVirtualClock, nextTurn, type VirtualClock } from "./virtual-clock.ts";

/** One line that was logged. */
export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** A request that the code under test sent, with the server it went to. */
export interface SentRequest extends Omit<HttpRequest, "body"> {
  /** All pieces in one. */
  readonly body: Uint8Array;
  readonly origin: string;
  /** The body as text. */
  readonly text: string;
}

/** An answer, with all its headers where it is to be streamed. */
export type ScriptedAnswer = HttpAnswer & { readonly headers?: HttpStream["headers"] };

/** What a server answers; a rejection, best with a TransportError, is a failed connection. */
export type Script = (request: SentRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;

export interface TestPlatform extends Platform {
  readonly clock: VirtualClock;
  readonly logged: LogLine[];
  /** Every request that was sent, oldest first. */
  readonly sent: SentRequest[];
  /** Runs what was deferred, and what that defers, until nothing is left to do now. */
  endTurn(): Promise<void>;
}

export interface TestPlatformOptions {
  /** 204 to everything unless given. */
  readonly http?: Script;
  readonly seed?: number;
  readonly startMs?: number;
  /** `auto` runs deferred work at the end of the turn; `manual` only in `endTurn`. */
  readonly defer?: "auto" | "manual";
}

/** A platform for unit tests: virtual time, scripted servers, a log to look at, the same random numbers in each run. */
export function createTestPlatform(options: TestPlatformOptions = {}): TestPlatform {
  const auto = options.defer !== "manual";
  const clock = createVirtualClock({
    settle: auto ? endTurn : nextTurn,
    ...(options.startMs === undefined ? {} : { startMs: options.startMs }),
  });
  const logged: LogLine[] = [];
  const sent: SentRequest[] = [];
  let deferred: (() => void)[] = [];

  function runDeferred(): void {
    const due = deferred;
    deferred = [];
    for (const run of due) run();
  }

  /** More than one: Deno may run several messages in one turn. */
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
  }

  async function endTurn(): Promise<void> {
    await turns();
    while (deferred.length > 0) {
      runDeferred();
      await turns();
    }
  }

  return {
    runtime: "node",
    clock,
    logged,
    sent,
    endTurn,
    random: seededRandom(options.seed ?? 1),
    defer: (run) => {
      deferred.push(run);
      if (auto && deferred.length === 1) void nextTurn().then(runDeferred);
    },
    log: (level, event, fields) => logged.push({ level, event, fields }),
    openHttp: (client) => scriptedClient(client, options.http ?? (() => httpAnswer(204)), clock, sent),
    gunzip,
    gzip: (bytes) => transform(bytes, new CompressionStream("gzip"), Number.POSITIVE_INFINITY),
  };
}

/** An answer for a {@link Script}. Header names in any case. */
export function httpAnswer(status: number, body = "", headers: Record<string, string> = {}): ScriptedAnswer {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    status,
    body: new TextEncoder().encode(body),
    header: (name) => byName.get(name.toLowerCase()),
    headers: byName,
  };
}

/** As InfluxDB tells an error: in the body and in X-Influxdb-Error. */
export function influxError(status: number, message: string): HttpAnswer {
  return httpAnswer(status, `${JSON.stringify({ error: message })}\n`, {
    "Content-Type": "application/json",
    "X-Influxdb-Error": message.replaceAll("\n", " "),
  });
}

/** Obeys the contract of {@link HttpClient} as a real one: time limit, limit of the answer's size, close. */
function scriptedClient(
  { origin }: HttpClientOptions,
  script: Script,
  clock: VirtualClock,
  sent: SentRequest[],
): HttpClient {
  let isClosed = false;
  // Not the listeners of one AbortSignal: adding one looks at all that are there.
  const waiting = new Set<() => void>();

  async function send(request: HttpRequest): Promise<ScriptedAnswer> {
    if (isClosed) throw new TransportError("closed", false, "the client is closed");
    const pieces = request.body instanceof Uint8Array ? [request.body] : (request.body ?? []);
    const body = concatenate(pieces);
    const full: SentRequest = { ...request, body, origin, text: new TextDecoder().decode(body) };
    sent.push(full);
    const failed = Promise.withResolvers<never>();
    const timer = clock.after(request.timeoutMs, () =>
      failed.reject(new TransportError("timeout", true, `no answer in ${request.timeoutMs} ms`)),
    );
    const giveUp = () => failed.reject(new TransportError("closed", true, "the client was closed"));
    waiting.add(giveUp);
    try {
      const answer = await Promise.race([(async () => script(full))(), failed.promise]);
      return { ...answer, body: answer.body.subarray(0, request.maxAnswerBytes) };
    } finally {
      timer.cancel();
      waiting.delete(giveUp);
    }
  }

  /** The whole answer is the one piece of the body. */
  async function stream({ idleTimeoutMs: _, signal, ...request }: HttpStreamRequest): Promise<HttpStream> {
    if (signal?.aborted) throw new TransportError("closed", false, "given up");
    const { status, header, headers, body } = await send({
      ...request,
      maxAnswerBytes: Number.MAX_SAFE_INTEGER,
    });
    const bytes = body as Uint8Array<ArrayBuffer>;
    return new ScriptedStream(status, header, headers ?? [], new Blob([bytes]).stream());
  }

  async function close(): Promise<void> {
    isClosed = true;
    for (const giveUp of waiting) giveUp();
  }

  return { send, stream, close };
}

async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new GunzipError("gzip: invalid header", false);
  try {
    return await transform(bytes, new DecompressionStream("gzip"), maxBytes);
  } catch (error) {
    if (error instanceof GunzipError) throw error;
    throw new GunzipError("unexpected EOF", false);
  }
}

async function transform(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  const input = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of input.pipeThrough(stream)) {
    length += chunk.length;
    if (length > maxBytes) throw new GunzipError("Request Entity Too Large", true);
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** mulberry32, a public-domain generator: enough for jitter. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Its method needs its object, as that of a runtime's stream may. */
class ScriptedStream implements HttpStream {
  readonly status: number;
  readonly headers: HttpStream["headers"];
  readonly body: HttpStream["body"];
  readonly #header: HttpStream["header"];

  constructor(
    status: number,
    header: HttpStream["header"],
    headers: HttpStream["headers"],
    body: HttpStream["body"],
  ) {
    this.status = status;
    this.#header = header;
    this.headers = headers;
    this.body = body;
  }

  header(name: string): string | undefined {
    return this.#header(name);
  }
}
