import type { Question } from "../backend/query-client.ts";
import type { HttpStream } from "../platform.ts";
import type { Credentials, Reply } from "../writer.ts";

/** A read that goes to one replica, as the client sent it. */
export interface ReadQuery extends Omit<Question, "timeoutMs"> {
  /** Of which it reads; undefined if that is not known. */
  readonly databases: readonly string[] | undefined;
}

/** An answer of a backend on its way to the client, or one of the relay's own. */
export type QueryAnswer =
  | { readonly kind: "own"; readonly reply: Reply }
  | {
      readonly kind: "passed";
      readonly head: Pick<HttpStream, "status" | "header" | "headers">;
      readonly body: AnswerBody;
      /** The replica was not in sync: since how many milliseconds. */
      readonly staleMs?: number;
    };

/** A body as it comes. Whoever has it reads it to its end or cancels it. */
export interface AnswerBody {
  /** The next piece; undefined at the end. A rejection means that the rest will not come. */
  read(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

/** A request with InfluxQL, as a client sent it. */
export interface QueryRequest {
  readonly parameters: ReadonlyMap<string, string>;
  /** To pass on with what is read. */
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
  /** Its InfluxQL. */
  readonly text: string;
  /** What goes to a replica if nothing in it changes something. */
  readonly forward: Pick<ReadQuery, "method" | "path" | "headers" | "body">;
}

/** Who answers a listener's queries. */
export interface Queries {
  /** Answers InfluxQL. Never rejects. */
  ask(request: QueryRequest): Promise<QueryAnswer>;
  /** Passes on what is not read here: it may do anything, so that any rule forbids it. */
  pass(query: ReadQuery): Promise<QueryAnswer>;
}

/** An answer of the relay's own. */
export function own(reply: Reply): QueryAnswer {
  return { kind: "own", reply };
}
