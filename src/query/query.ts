import type { Question } from "../backend/query-client.ts";
import type { HttpStream } from "../platform.ts";
import type { Reply } from "../writer.ts";

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
