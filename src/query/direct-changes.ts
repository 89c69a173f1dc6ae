import type { BackendClient } from "../backend/client.ts";
import type { QueryClient } from "../backend/query-client.ts";
import { TransportError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { errorReply } from "../write/reply.ts";
import type { Change, Reply } from "../writer.ts";
import { readWhole } from "./body.ts";
import type { Changes } from "./changes.ts";
import { isError, resultsIn } from "./results.ts";

/** Of the answer to a change, in bytes: InfluxDB's are a line. */
const MAX_ANSWER = 64 * 1024;

interface Target {
  readonly name: string;
  readonly queries: QueryClient;
  readonly client: Pick<BackendClient, "ping">;
}

/**
 * Sends changes to all replicas at once, where there are no lanes that a change could have a place in: nothing is kept
 * for a replica that does not take it, so that one that does not answer beforehand prevents the change.
 */
export class DirectChanges implements Changes {
  readonly #targets: readonly Target[];
  readonly #log: Log;

  constructor(targets: readonly Target[], log: Log) {
    this.#targets = targets;
    this.#log = log;
  }

  async post(change: Change, signal: AbortSignal): Promise<Reply> {
    const answers = await Promise.all(this.#targets.map(({ client }) => client.ping()));
    const silent = this.#targets[answers.indexOf(false)];
    if (silent !== undefined) {
      const reason = `${silent.name} does not answer, and a change is not kept for it on this runtime`;
      return errorReply(503, `unable to execute statement: ${reason}; nothing was executed`);
    }
    const replies = await Promise.all(this.#targets.map((target) => send(target, change, signal)));
    const taken = replies.find((reply) => reply !== undefined && isTaken(reply));
    replies.forEach((reply, i) => {
      if (taken === undefined || (reply !== undefined && isTaken(reply) && sameResult(reply, taken))) return;
      const fields = {
        backend: (this.#targets[i] as Target).name,
        status: reply?.status ?? 0,
        next: "the replicas differ: send it the statement by hand",
      };
      this.#log.throttled("error", "change-lost", fields, `change-lost ${fields.backend}`);
    });
    return (
      taken ?? replies.find((reply) => reply !== undefined) ?? errorReply(503, "no InfluxDB server answered")
    );
  }
}

async function send(
  { queries }: Target,
  { text, db, rp, credentials, timeoutMs }: Change,
  signal: AbortSignal,
): Promise<Reply | undefined> {
  const form = new URLSearchParams({ q: text, db, rp });
  try {
    const answer = await queries.ask({
      method: "POST",
      path: "/query",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new TextEncoder().encode(form.toString()),
      credentials,
      timeoutMs,
      signal,
    });
    const { head } = answer;
    const body = await readWhole(answer, MAX_ANSWER);
    if (body === undefined) return undefined;
    return {
      kind: head.status < 300 ? "stored" : "rejected",
      status: head.status,
      body,
      contentType: head.header("content-type"),
      influxError: head.header("x-influxdb-error"),
      retryAfter: head.header("retry-after"),
      authenticate: head.header("www-authenticate"),
    };
  } catch (error) {
    if (error instanceof TransportError) return undefined;
    throw error;
  }
}

/** InfluxDB did it, or had a reason of the statement's own not to. */
function isTaken({ status }: Reply): boolean {
  return status >= 200 && status < 300;
}

function sameResult(a: Reply, b: Reply): boolean {
  return isFailure(a) === isFailure(b);
}

function isFailure({ body }: Reply): boolean {
  return resultsIn(new TextDecoder().decode(body))?.some(isError) ?? true;
}
