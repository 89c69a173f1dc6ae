import * as v from "valibot";
import type { OutputConfig } from "../config/config.ts";
import { TransportError } from "../errors.ts";
import type { HttpAnswer, HttpClient, Platform } from "../platform.ts";
import { joinBytes, lengthOf } from "../write/join-bytes.ts";
import { readableLines } from "../write/readable.ts";
import { errorReply } from "../write/reply.ts";
import { splitLines } from "../write/split.ts";
import { type Change, type Credentials, type Destination, REMOTE_WRITE, type Reply } from "../writer.ts";
import { changeAnswered } from "./change-outcome.ts";
import { createV1Dialect, type Dialect } from "./dialect.ts";
import { basePath, httpOptions } from "./http-options.ts";
import { unanswered } from "./outcome.ts";
import { createV2Dialect, DEFAULT_POLICY } from "./v2-dialect.ts";

/** Connections kept to one backend. A lane has one request in flight, so this many lanes work at a time. */
const CONNECTIONS = 64;
/** `{"results":[{"series":[{"columns":[...],"values":[[...]]}]}]}`, as InfluxDB answers a SHOW statement. */
const policies = v.object({
  results: v.tuple([
    v.object({
      series: v.tuple([v.object({ columns: v.array(v.string()), values: v.array(v.array(v.unknown())) })]),
    }),
  ]),
});
/** A ping needs neither the disk nor the index: without an answer in this time the server hangs. */
const PING_TIMEOUT_MS = 2_000;
/** Of an error body, this much is read and passed on. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Of the answer to a statement, which says how many points it wrote, or why it failed. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Bodies smaller than this are not worth compressing. */
const MIN_GZIP_BYTES = 1_024;

const LINE_HEADERS = { "content-type": "text/plain; charset=utf-8" };
/** As https://prometheus.io/docs/specs/prw/remote_write_spec/ (1.0) wants them. */
const REMOTE_WRITE_HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

/** What one request to a backend came to. */
export interface Result {
  readonly reply: Reply;
  /** True when the backend may have stored the write although it did not say so. */
  readonly unknownOutcome: boolean;
}

/** Speaks HTTP with one InfluxDB. Nothing it is asked to do throws: what went wrong is in the result. */
export class BackendClient {
  readonly #output: OutputConfig;
  readonly #platform: Platform;
  readonly #http: HttpClient;
  readonly #dialect: Dialect;
  /** X-Influxdb-Version and X-Influxdb-Build of the last answer that carried them. */
  version: { readonly version: string; readonly build: string } | undefined;

  constructor(output: OutputConfig, platform: Platform) {
    this.#output = output;
    this.#platform = platform;
    this.#http = platform.openHttp(httpOptions(output, CONNECTIONS, platform));
    this.#dialect = output.v2 === undefined ? createV1Dialect(output) : createV2Dialect(output, output.v2);
  }

  /**
   * Writes a body that comes in pieces; one that the backend finds too large is sent again in halves, down to single
   * lines.
   */
  async write(destination: Destination, pieces: readonly Uint8Array[]): Promise<Result> {
    const result = await this.#post(destination, pieces);
    const { status } = result.reply;
    if (destination.precision === REMOTE_WRITE) return result;
    if (status === 400 && this.#dialect.refusesWhole) return this.#readable(destination, pieces, result);
    if (status !== 413) return result;
    const body = joinBytes(pieces);
    const parts = splitLines(body, Math.ceil(body.byteLength / 2));
    if (parts.length < 2) return result;
    let worst: Result | undefined;
    for (const part of parts) {
      const partial = await this.write(destination, [part]);
      if (partial.reply.kind !== "stored" && partial.reply.kind !== "rejected") return partial;
      if (worst === undefined || worst.reply.kind === "stored") worst = partial;
    }
    return worst ?? result;
  }

  /** Writes what can be read of a body that was refused whole, so that one line does not cost the others. */
  async #readable(destination: Destination, pieces: readonly Uint8Array[], refused: Result): Promise<Result> {
    const { body, errors } = readableLines(joinBytes(pieces), destination.precision);
    if (errors.length === 0 || body.byteLength === 0) return refused;
    const result = await this.#post(destination, [body]);
    if (result.reply.kind !== "stored") return result;
    const reply = errorReply(400, `partial write: ${errors.join("\n")} dropped=0`);
    return { reply, unknownOutcome: false };
  }

  /** Executes a statement. */
  async change({ text, db, rp, credentials, timeoutMs }: Change): Promise<Result> {
    if (!this.#dialect.hasInfluxql) return { reply: NO_INFLUXQL, unknownOutcome: false };
    const form = new URLSearchParams({ q: text, ...(db !== "" && { db }), ...(rp !== "" && { rp }) });
    const headers = this.#authorization(credentials);
    headers["content-type"] = "application/x-www-form-urlencoded";
    try {
      const answer = await this.#http.send({
        method: "POST",
        path: `${basePath(this.#output)}/query`,
        headers,
        body: new TextEncoder().encode(form.toString()),
        timeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      });
      this.#learn(answer);
      return { reply: changeAnswered(answer), unknownOutcome: false };
    } catch (error) {
      if (!(error instanceof TransportError)) return this.#surprised(error);
      return { reply: unanswered(error.failure), unknownOutcome: error.unknownOutcome };
    }
  }

  /** Why the last ping had no answer. */
  pingFailure = "";

  /** True when the backend answers `/ping` with anything but a server error. */
  async ping(): Promise<boolean> {
    const status = await this.pingStatus();
    return status > 0 && status < 500;
  }

  /**
   * What it answers to `/ping`; 0 if that is nothing. InfluxDB answers 204, also without credentials unless told otherwise.
   * The first 2.x have `/health` only.
   */
  async pingStatus(): Promise<number> {
    const status = await this.#statusOf("/ping");
    return status === 404 && !this.#dialect.hasInfluxql ? this.#statusOf("/health") : status;
  }

  async #statusOf(path: string): Promise<number> {
    try {
      const answer = await this.#http.send({
        method: "GET",
        path: basePath(this.#output) + path,
        headers: this.#authorization(undefined),
        timeoutMs: Math.min(PING_TIMEOUT_MS, this.#output.timeoutMs),
        maxAnswerBytes: MAX_ERROR_BYTES,
      });
      this.#learn(answer);
      return answer.status;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      this.pingFailure = error.message;
      return 0;
    }
  }

  /** The name of a database's default retention policy; undefined if the backend does not tell. */
  async defaultPolicy(db: string, credentials: Credentials | undefined): Promise<string | undefined> {
    if (!this.#dialect.hasInfluxql) return DEFAULT_POLICY;
    const answer = await this.ask(
      `SHOW RETENTION POLICIES ON ${quotedIdentifier(db)}`,
      credentials,
      MAX_ERROR_BYTES,
    );
    return answer?.status === 200 ? defaultIn(answer.body) : undefined;
  }

  /** The answer to a query that changes nothing; undefined if there is none. */
  async ask(
    q: string,
    credentials: Credentials | undefined,
    maxAnswerBytes: number,
  ): Promise<HttpAnswer | undefined> {
    try {
      return await this.#http.send({
        method: "GET",
        path: `${basePath(this.#output)}/query?q=${encodeURIComponent(q)}`,
        headers: this.#authorization(credentials),
        timeoutMs: this.#output.timeoutMs,
        maxAnswerBytes,
      });
    } catch (error) {
      if (error instanceof TransportError) return undefined;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #post(destination: Destination, pieces: readonly Uint8Array[]): Promise<Result> {
    const refusal = this.#dialect.refusal(destination);
    if (refusal !== undefined) return { reply: refusal, unknownOutcome: false };
    const headers = this.#authorization(destination.credentials);
    const isPacked = destination.precision === REMOTE_WRITE;
    Object.assign(headers, isPacked ? REMOTE_WRITE_HEADERS : LINE_HEADERS);
    try {
      const body = isPacked ? pieces : await this.#encode(this.#dialect.body(pieces, destination), headers);
      const answer = await this.#http.send({
        method: "POST",
        path: this.#dialect.path(destination),
        headers,
        body: body.length === 1 ? (body[0] as Uint8Array) : body,
        timeoutMs: this.#output.timeoutMs,
        maxAnswerBytes: MAX_ERROR_BYTES,
      });
      this.#learn(answer);
      return { reply: this.#dialect.answered(answer), unknownOutcome: false };
    } catch (error) {
      if (!(error instanceof TransportError)) return this.#surprised(error);
      if (error.failure === "protocol" && !isPacked && pieces.some(hasControls))
        return { reply: UNREADABLE, unknownOutcome: false };
      return { reply: unanswered(error.failure), unknownOutcome: error.unknownOutcome };
    }
  }

  /** The pieces as they go out; says so in the headers if they are compressed. */
  async #encode(
    pieces: readonly Uint8Array[],
    headers: Record<string, string>,
  ): Promise<readonly Uint8Array[]> {
    if (!this.#output.gzip || lengthOf(pieces) < MIN_GZIP_BYTES) return pieces;
    const packed = await this.#platform.gzip(joinBytes(pieces));
    headers["content-encoding"] = "gzip";
    return [packed];
  }

  /** An error that nothing here expects must not take the writes that wait down with it: they are tried again. */
  #surprised(error: unknown): Result {
    const message = error instanceof Error ? error.message : String(error);
    this.#platform.log("error", "internal-error", { backend: this.#output.name, error: message });
    return { reply: unanswered("protocol"), unknownOutcome: true };
  }

  #authorization(credentials: Credentials | undefined): Record<string, string> {
    const passedOn = credentials && this.#dialect.authorization(credentials);
    const authorization = this.#output.authorization?.reveal() ?? passedOn;
    return authorization === undefined ? {} : { authorization };
  }

  #learn(answer: HttpAnswer): void {
    const version = answer.header("x-influxdb-version");
    if (version === undefined || version === this.version?.version) return;
    this.version = { version, build: answer.header("x-influxdb-build") ?? "OSS" };
  }
}

/**
 * InfluxDB quotes a line that it cannot parse in a header of its answer, control characters included, which makes
 * the answer one that no HTTP parser accepts.
 */
const UNREADABLE = errorReply(
  400,
  "unable to parse points: the body has control characters in a line that is wrong",
);

const NO_INFLUXQL = errorReply(400, 'an output of kind "v2" executes no InfluxQL');

function hasControls(body: Uint8Array): boolean {
  return body.some(
    (byte) => (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) || byte === 0x7f,
  );
}

/** A name as InfluxQL wants it. */
export function quotedIdentifier(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** The policy that is marked as the default in the answer to SHOW RETENTION POLICIES. */
function defaultIn(body: Uint8Array): string | undefined {
  try {
    const { results } = v.parse(policies, JSON.parse(new TextDecoder().decode(body)));
    const { columns, values } = results[0].series[0];
    const row = values.find((cells) => cells[columns.indexOf("default")] === true);
    const name = row?.[columns.indexOf("name")];
    return typeof name === "string" ? name : undefined;
  } catch {
    // An error of InfluxDB, or an answer that is none: there is nothing to learn from it.
    return undefined;
  }
}
