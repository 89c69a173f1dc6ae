/** What a shard is asked. It goes to one of its replicas that is in sync. */
export interface ShardQuestion {
  /** Of `/query`: `q`, `db`, `rp`, `epoch`, `chunked` ... */
  readonly parameters: Readonly<Record<string, string>>;
  readonly accept: "application/json" | "application/x-msgpack";
  /** Of which it reads; undefined if it is about the server as a whole. */
  readonly databases: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** The answer of a shard while it comes. Whoever has it reads it to its end or cancels it. */
export interface ShardAnswer {
  readonly status: number;
  /** The first value of a response header, by lower-case name. */
  header(name: string): string | undefined;
  /** The next piece; undefined at the end. A rejection means that the rest will not come. */
  read(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

/** Asks a shard, by its index. A shard that nobody answers for has a 503. */
export type AskShard = (shard: number, question: ShardQuestion) => Promise<ShardAnswer>;

/** A statement that failed, with the words for the client. */
export class StatementError extends Error {
  readonly code = "STATEMENT";
  /** What a shard answered instead of results, to which the client's whole request may have led. */
  readonly refusal:
    | { readonly status: number; readonly header: ShardAnswer["header"]; readonly body: Uint8Array }
    | undefined;

  constructor(message: string, refusal?: StatementError["refusal"]) {
    super(message);
    this.name = "StatementError";
    this.refusal = refusal;
  }
}

/** An error has a line; more is not read of what is no answer. */
const MAX_ERROR = 64 * 1024;

/** @throws StatementError for an answer that has no results. */
export async function checked(answer: ShardAnswer): Promise<ShardAnswer> {
  if (answer.status === 200) return answer;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let piece = await answer.read(); piece !== undefined; piece = await answer.read()) {
    pieces.push(piece);
    length += piece.byteLength;
    if (length > MAX_ERROR) {
      answer.cancel();
      break;
    }
  }
  const body = new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const { status } = answer;
  const header = (name: string) => answer.header(name);
  throw new StatementError(messageIn(body) ?? `a shard answered with status ${status}`, {
    status,
    header,
    body,
  });
}

function messageIn(body: Uint8Array): string | undefined {
  try {
    const { error } = JSON.parse(new TextDecoder().decode(body)) as { readonly error?: unknown };
    return typeof error === "string" ? error : undefined;
  } catch {
    return undefined;
  }
}
