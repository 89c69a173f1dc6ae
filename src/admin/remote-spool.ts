import type { Secret } from "../config/secret.ts";
import { RelayError } from "../errors.ts";
import type { HttpAnswer, HttpClient } from "../platform.ts";
import type { BackendReport, Check, Part, Shown, SpoolCommands, Where } from "./spool-commands.ts";

/** So long a command may take: one reads all that is stored for a backend. */
const TIMEOUT_MS = 600_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

interface RemoteSpoolOptions {
  readonly http: HttpClient;
  readonly token: Secret | undefined;
  /** For messages. */
  readonly address: string;
}

/** The spool of a running relay, by its admin listener. */
export class RemoteSpool implements SpoolCommands {
  readonly #options: RemoteSpoolOptions;

  constructor(options: RemoteSpoolOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly BackendReport[]> {
    const { backends } = await this.#ask<{ backends: readonly BackendReport[] }>("GET", "/spool");
    return backends;
  }

  show(backend: string, part: Part, limit: number): Promise<Shown> {
    return this.#ask("GET", `${pathOf(backend)}?part=${part}&limit=${limit}`);
  }

  verify(backend: string): Promise<Check> {
    return this.#ask("POST", `${pathOf(backend)}/verify`, {});
  }

  async count(backend: string, part: Part, where: Where): Promise<number> {
    return this.#records(`${pathOf(backend)}/drop`, { part, ...where, dryRun: true });
  }

  async drop(backend: string, part: Part, where: Where): Promise<number> {
    return this.#records(`${pathOf(backend)}/drop`, { part, ...where });
  }

  async replay(backend: string, where: Where): Promise<number> {
    return this.#records(`${pathOf(backend)}/replay`, { ...where });
  }

  async #records(path: string, command: object): Promise<number> {
    const { records } = await this.#ask<{ records: number }>("POST", path, command);
    return records;
  }

  async #ask<T>(method: "GET" | "POST", path: string, command?: object): Promise<T> {
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
      throw new RelayError("ADMIN", `what answers on ${address} is not the admin listener of a relay`);
    }
    if (answer.status === 200) return value as T;
    throw new RelayError("ADMIN", `the relay on ${address} says ${answer.status}: ${value.error}`);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    headers: Record<string, string>,
    command: object | undefined,
  ): Promise<HttpAnswer> {
    const { http, address } = this.#options;
    const body = command && new TextEncoder().encode(JSON.stringify(command));
    const limits = { timeoutMs: TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES };
    try {
      return await http.send({ method, path, headers, ...(body && { body }), ...limits });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new RelayError("ADMIN", `[admin] on ${address} does not answer: ${reason}`, { cause: error });
    }
  }
}

function pathOf(backend: string): string {
  return `/spool/${encodeURIComponent(backend)}`;
}
