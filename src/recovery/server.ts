import { BackendClient } from "../backend/client.ts";
import { httpOptions } from "../backend/http-options.ts";
import { isExpired, wordsOf } from "../backend/outcome.ts";
import type { OutputConfig } from "../config/config.ts";
import { TransportError } from "../errors.ts";
import type { HttpClient, HttpStream, Platform } from "../platform.ts";
import { AnswerReader, type AnswerSink, type Series } from "./answer.ts";
import { bytesOf, percentEncoded, readable } from "./bytes.ts";
import { AnswerError, ServerError } from "./errors.ts";
import type { Value } from "./msgpack.ts";
import type { Turn } from "./parallel.ts";

/** Queries of one recovery that run on a server at a time are fewer. */
const CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5_000;
/** Until the first rows come: a count over a large time shard reads all of it first. */
const FIRST_ROWS_MS = 300_000;
const IDLE_MS = 60_000;
/** Rows in a part of an answer. */
const CHUNK_ROWS = 5_000;
const MAX_ERROR_BYTES = 64 * 1024;
/** Of an answer that is waited for at once. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024;

/**
 * Errors of a query that may be gone when it is asked again. InfluxDB tells them only by their text, with status 200:
 * from the sources of 1.6 (tsdb, query).
 */
const PASSING = ["engine is closed", "shard is closed", "max-concurrent-queries limit exceeded", "timeout"];

/** How InfluxDB begins its words when it stored the other lines of a write. */
const PARTIAL = "partial write";

/** A series of an answer that fits into memory. */
export interface Table extends Series {
  readonly rows: readonly (readonly Value[])[];
}

/** What became of a batch of lines. */
export interface Written {
  /**
   * `nothing`: it refuses all of them, as when two lines give a new field different types. `later`: the server is too busy,
   * or does not answer; the batch may be sent again.
   */
  readonly kind: "stored" | "partly" | "nothing" | "later";
  /** Lines that were older than the retention policy keeps. */
  readonly expired: number;
  /** Lines that the server refused for another reason. */
  readonly rejected: number;
  /** The server's words, if it did not store all. */
  readonly words: string;
  /** True when the server may still be working on it. */
  readonly unknownOutcome: boolean;
  readonly retryAfter: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** One InfluxDB as a recovery sees it. All names are byte strings. */
export class Server {
  readonly name: string;
  readonly #output: OutputConfig;
  readonly #http: HttpClient;
  readonly #client: BackendClient;

  constructor(output: OutputConfig, platform: Platform) {
    this.name = output.name;
    this.#output = output;
    this.#client = new BackendClient(output, platform);
    this.#http = openHttp(output, platform);
  }

  /**
   * The answer to one statement.
   * @throws {ServerError}
   */
  async table(q: string, signal: AbortSignal, db = ""): Promise<Table[]> {
    const tables: (Table & { readonly rows: Value[][] })[] = [];
    await this.rows(
      q,
      {
        series: (series) => void tables.push({ ...series, rows: [] }),
        row: (row) =>
          void tables.at(-1)?.rows.push(Array.from({ length: row.size }, (_, at) => row.value(at))),
      },
      signal,
      db,
    );
    return tables;
  }

  /**
   * The rows of one statement, as they come. After each piece of the answer `wait`, if given, is waited for.
   * @throws {ServerError} also when what came before was incomplete.
   */
  async rows(
    q: string,
    sink: AnswerSink & { wait?(): Promise<void> | undefined },
    signal: AbortSignal,
    db = "",
  ): Promise<void> {
    const pieces = this.pieces(q, new AnswerReader(sink), signal, db);
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
      const wait = sink.wait?.();
      if (wait !== undefined)
        await wait.catch(async (error) => {
          await pieces.return(undefined);
          throw error;
        });
    }
  }

  /**
   * Reads an answer into `reader`, one piece at each turn. With `ask` the answer, as far as it is not too large, is waited for
   * at once, so that the server has done its work when the question ends.
   */
  async *pieces(
    q: string,
    reader: AnswerReader,
    signal: AbortSignal,
    db = "",
    ask?: Turn,
  ): AsyncGenerator<undefined> {
    try {
      const { status, body } = await (ask === undefined
        ? this.#ask(q, db, signal)
        : ask(async () => await readAhead(await this.#ask(q, db, signal))));
      if (status === 401 || status === 403) throw this.#error("refused", await errorText(body));
      if (status >= 500) throw this.#error("unavailable", `${status} ${await errorText(body)}`);
      if (status !== 200 && status !== 400) throw this.#error("query", `${status} ${await errorText(body)}`);
      for await (const piece of body) {
        reader.push(piece);
        if (reader.error === undefined) yield;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TransportError) throw this.#error("unavailable", error.message, error);
      if (error instanceof AnswerError) {
        throw this.#error("query", `does not answer as InfluxDB does: ${error.message}`, error);
      }
      throw error;
    }
    if (reader.error !== undefined) {
      const words = readable(reader.error);
      throw this.#error(PASSING.some((text) => words.startsWith(text)) ? "unavailable" : "query", words);
    }
    if (!reader.complete) throw this.#error("unavailable", "the answer broke off");
  }

  /**
   * Writes lines of one database and policy with times in nanoseconds.
   * @throws {ServerError} if it will not take any: credentials, or no such database or policy.
   */
  async write(db: string, rp: string, lines: Uint8Array): Promise<Written> {
    const destination = { db: readable(db), rp: readable(rp), precision: "", credentials: undefined };
    const { reply, unknownOutcome } = await this.#client.write(destination, [lines]);
    const words = `${reply.status === 0 ? "" : `${reply.status} `}${wordsOf(reply)}`;
    const answer = { expired: 0, rejected: 0, words, unknownOutcome, retryAfter: reply.retryAfter };
    if (reply.kind === "stored") return { ...answer, kind: "stored" };
    if (reply.kind === "not-ready")
      throw this.#error(reply.status === 401 || reply.status === 403 ? "refused" : "query", words);
    if (reply.kind !== "rejected") return { ...answer, kind: "later" };
    if (!(reply.influxError ?? "").startsWith(PARTIAL)) return { ...answer, kind: "nothing" };
    const dropped = Math.max(1, Number(/dropped=(\d+)$/.exec(words)?.[1] ?? 1));
    return { ...answer, kind: "partly", [isExpired(reply) ? "expired" : "rejected"]: dropped };
  }

  /** True if it answers at all. */
  ping(): Promise<boolean> {
    return this.#client.ping();
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#client.close()]);
  }

  async #ask(q: string, db: string, signal: AbortSignal): Promise<HttpStream> {
    const authorization = this.#output.authorization?.reveal();
    const parameters = `db=${percentEncoded(db)}&epoch=ns&chunked=true&chunk_size=${CHUNK_ROWS}`;
    return await this.#http.stream({
      method: "POST",
      path: `${this.#output.writePath.replace(/\/write$/, "")}/query?${parameters}`,
      headers: {
        accept: "application/x-msgpack",
        "content-type": "application/x-www-form-urlencoded",
        ...(authorization !== undefined && { authorization }),
      },
      body: bytesOf(`q=${percentEncoded(q)}`),
      timeoutMs: FIRST_ROWS_MS,
      idleTimeoutMs: IDLE_MS,
      signal,
    });
  }

  #error(failure: ServerError["failure"], words: string, cause?: Error): ServerError {
    return new ServerError(this.name, failure, words.trim(), cause === undefined ? {} : { cause });
  }
}

function openHttp(output: OutputConfig, platform: Platform): HttpClient {
  return platform.openHttp({
    ...httpOptions(output, CONNECTIONS, platform),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
}

/** An answer of which the beginning, or all of it, has come. */
async function readAhead({ status, body }: HttpStream): Promise<Answer> {
  const pieces: Uint8Array[] = [];
  const reader = body.getReader();
  for (let bytes = 0; bytes < MAX_AHEAD_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    bytes += value.length;
  }
  reader.releaseLock();
  return { status, body: joined(pieces, body) };
}

async function* joined(
  pieces: readonly Uint8Array[],
  rest: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
    yield* rest;
  } finally {
    await rest.cancel().catch(() => {});
  }
}

/** What InfluxDB, or a proxy before it, said in place of an answer. */
async function errorText(body: Answer["body"]): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length >= MAX_ERROR_BYTES) break;
  }
  const whole = new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const reader = new AnswerReader({ series: () => {}, row: () => {} });
  try {
    reader.push(whole);
    if (reader.error !== undefined) return readable(reader.error);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
  }
  const text = new TextDecoder().decode(whole).trim();
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : text;
  } catch {
    return text;
  }
}
