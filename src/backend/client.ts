import type { OutputConfig } from "../config/config.ts";
import { RelayError, TransportError } from "../errors.ts";
import type { HttpAnswer, HttpClient, Platform } from "../platform.ts";
import { splitLines } from "../write/split.ts";
import type { Destination, Reply, Write } from "../writer.ts";
import { answered, unanswered } from "./outcome.ts";

/** Connections kept to one backend. A lane has one request in flight, so this many lanes work at a time. */
const CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 5_000;
/** Of an error body, this much is read and passed on. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Bodies smaller than this are not worth compressing. */
const MIN_GZIP_BYTES = 1_024;

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
  /** X-Influxdb-Version and X-Influxdb-Build of the last answer that carried them. */
  version: { readonly version: string; readonly build: string } | undefined;

  constructor(output: OutputConfig, platform: Platform) {
    this.#output = output;
    this.#platform = platform;
    this.#http = platform.openHttp({
      origin: output.origin,
      connections: CONNECTIONS,
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, output.timeoutMs),
      tls: {
        skipVerification: output.skipTlsVerification,
        ...pem("ca", output.ca, platform),
        ...pem("cert", output.cert, platform),
        ...pem("key", output.key, platform),
      },
    });
  }

  /** Writes a body; one that the backend finds too large is sent again in halves, down to single lines. */
  async write(write: Write): Promise<Result> {
    const { body } = write;
    const result = await this.#post(write.destination, body);
    if (result.reply.status !== 413) return result;
    const parts = splitLines(body, Math.ceil(body.byteLength / 2));
    if (parts.length < 2) return result;
    let worst: Result | undefined;
    for (const part of parts) {
      const partial = await this.write({ ...write, body: part });
      if (partial.reply.kind !== "stored" && partial.reply.kind !== "rejected") return partial;
      if (worst === undefined || worst.reply.kind === "stored") worst = partial;
    }
    return worst ?? result;
  }

  /** True when the backend answers `/ping` with anything but a server error. */
  async ping(): Promise<boolean> {
    try {
      const answer = await this.#http.send({
        method: "GET",
        path: `${this.#output.writePath.replace(/\/write$/, "")}/ping`,
        headers: {},
        timeoutMs: this.#output.timeoutMs,
        maxAnswerBytes: MAX_ERROR_BYTES,
      });
      this.#learn(answer);
      return answer.status < 500;
    } catch (error) {
      if (error instanceof TransportError) return false;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #post(destination: Destination, body: Uint8Array): Promise<Result> {
    const headers: Record<string, string> = { "content-type": "text/plain; charset=utf-8" };
    const authorization = this.#output.authorization?.reveal() ?? destination.credentials?.authorization;
    if (authorization !== undefined) headers["authorization"] = authorization;
    let sent = body;
    if (this.#output.gzip && body.byteLength >= MIN_GZIP_BYTES) {
      headers["content-encoding"] = "gzip";
      sent = await this.#platform.gzip(body);
    }
    try {
      const answer = await this.#http.send({
        method: "POST",
        path: this.#output.writePath + writeQuery(destination),
        headers,
        body: sent,
        timeoutMs: this.#output.timeoutMs,
        maxAnswerBytes: MAX_ERROR_BYTES,
      });
      this.#learn(answer);
      return { reply: answered(answer), unknownOutcome: false };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return { reply: unanswered(error.failure), unknownOutcome: error.unknownOutcome };
    }
  }

  #learn(answer: HttpAnswer): void {
    const version = answer.header("x-influxdb-version");
    if (version === undefined || version === this.version?.version) return;
    this.version = { version, build: answer.header("x-influxdb-build") ?? "OSS" };
  }
}

function writeQuery({ db, rp, precision }: Destination): string {
  let query = `?db=${encodeURIComponent(db)}`;
  if (rp !== "") query += `&rp=${encodeURIComponent(rp)}`;
  if (precision !== "") query += `&precision=${encodeURIComponent(precision)}`;
  return query;
}

function pem(name: "ca" | "cert" | "key", path: string | undefined, { readText }: Platform) {
  if (path === undefined) return {};
  if (readText === undefined)
    throw new RelayError("NO_FILES", `${name} = "${path}": this runtime has no files`);
  return { [name]: readText(path) };
}
