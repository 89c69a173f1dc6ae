import * as v from "valibot";
import type { Secret } from "../config/secret.ts";
import { RelayError, TransportError } from "../errors.ts";
import type { HttpClient, Platform } from "../platform.ts";
import { AdminClient, AdminError } from "./admin-client.ts";
import { type PeerAnswer, peerAnswerSchema } from "./peer-answer.ts";
import { type Held, RemoteLease } from "./remote-lease.ts";

/** A peer that takes longer counts as one that does not answer: nothing may wait for it. */
const TIMEOUT_MS = 2_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** A lease must be renewed while something else is asked. */
const CONNECTIONS = 4;

/** What a peer says to the wish to repair a backend; `silent` if nothing. */
export type LeaseAnswer = RemoteLease | "refused" | "silent";

/** Another relay, by its admin listener. */
export class Peer {
  /** `host:port`. */
  readonly name: string;
  readonly #platform: Pick<Platform, "clock">;
  readonly #http: HttpClient;
  readonly #client: AdminClient;
  /** The last answer, also if there has been none since. */
  answer: PeerAnswer | undefined;
  lastSeenAtMs: number | undefined;
  /** Why there was no answer the last time. */
  error: string | undefined;
  /** True if that was because of TLS. */
  distrusted = false;
  /** In a row. */
  failures = 0;

  /** @param ca PEM text of authorities; the system's unless given. */
  constructor(
    origin: string,
    { token, ca }: { readonly token: Secret | undefined; readonly ca?: string },
    platform: Pick<Platform, "clock" | "openHttp">,
  ) {
    this.#platform = platform;
    this.name = new URL(origin).host;
    this.#http = platform.openHttp({
      ...{ origin, connections: CONNECTIONS, connectTimeoutMs: TIMEOUT_MS },
      tls: { skipVerification: false, ...(ca !== undefined && { ca }) },
    });
    this.#client = new AdminClient({
      ...{ http: this.#http, token, address: this.name },
      ...{ timeoutMs: TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES },
    });
  }

  /** Asks what it is. What comes of it is in the fields; it never rejects. */
  async ask(): Promise<void> {
    try {
      const parsed = v.safeParse(peerAnswerSchema, await this.#client.ask("GET", "/peer"));
      if (!parsed.success)
        throw new AdminError(200, `what answers on ${this.name} is not a relay of this kind`);
      this.answer = parsed.output;
      this.lastSeenAtMs = this.#platform.clock.now();
      this.error = undefined;
      this.distrusted = false;
      this.failures = 0;
    } catch (error) {
      this.error = error instanceof RelayError ? error.message : "internal error";
      const { cause } = error as Error;
      this.distrusted = cause instanceof TransportError && cause.failure === "tls";
      this.failures++;
    }
  }

  /** Tells it that a backend is going to be repaired by `holder`, and which databases that lacks. Never rejects. */
  async leaseRepair(backend: string, holder: string, lacking: readonly string[]): Promise<LeaseAnswer> {
    try {
      const held = await this.#client.ask<Held>("POST", "/recovery/lease", { backend, holder, lacking });
      return new RemoteLease({ ...held, backend }, this.#client, this.#platform.clock);
    } catch (error) {
      return error instanceof AdminError && error.status === 409 ? "refused" : "silent";
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
