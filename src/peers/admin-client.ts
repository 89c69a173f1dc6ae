import type { Secret } from "../config/secret.ts";
import { RelayError } from "../errors.ts";
import type { HttpAnswer, HttpClient } from "../platform.ts";

/** So long a command may take unless another limit is given: one reads all that is stored for a backend. */
const TIMEOUT_MS = 600_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** The admin listener refuses a command, or does not answer. */
export class AdminError extends RelayError {
  /** What it answered; undefined if it did not. */
  readonly status: number | undefined;

  constructor(status: number | undefined, message: string, options?: ErrorOptions) {
    super("ADMIN", message, options);
    this.status = status;
  }
}

interface AdminClientOptions {
  readonly http: HttpClient;
  readonly token: Secret | undefined;
  /** For messages. */
  readonly address: string;
  readonly timeoutMs?: number;
  readonly maxAnswerBytes?: number;
}

/** Asks the admin listener of a running relay. */
export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /**
   * One command, with its parameters as the body.
   * @throws {AdminError} with the relay's words if it refuses.
   */
  async ask<T>(method: "GET" | "POST", path: string, command?: object): Promise<T> {
    const { token, address } = this.#options;
    const answer = await this.#send(
      method,
      path,
      {
        ...(command !== undefined && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token.reveal()}` }),
      },
      command,
    );
    let value: { readonly error?: unknown };
    try {
      value = JSON.parse(new TextDecoder().decode(answer.body));
    } catch {
      throw new AdminError(answer.status, `what answers on ${address} is not the admin listener of a relay`);
    }
    if (answer.status === 200) return value as T;
    throw new AdminError(answer.status, `the relay on ${address} says ${answer.status}: ${value.error}`);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    headers: Record<string, string>,
    command: object | undefined,
  ): Promise<HttpAnswer> {
    const { http, address, timeoutMs = TIMEOUT_MS, maxAnswerBytes = MAX_ANSWER_BYTES } = this.#options;
    const body = command && new TextEncoder().encode(JSON.stringify(command));
    try {
      return await http.send({
        method,
        path,
        headers,
        ...(body && { body }),
        ...{ timeoutMs, maxAnswerBytes },
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AdminError(undefined, `[admin] on ${address} does not answer: ${reason}`, { cause: error });
    }
  }
}
