import { parseParams } from "../../../src/influxql/params.ts";
import { parseQuery } from "../../../src/influxql/parse.ts";
import type { KeyMap } from "../../../src/query/sharded/key-map.ts";
import type { RunLimits } from "../../../src/query/sharded/run-context.ts";
import type { ShardAnswer, ShardQuestion } from "../../../src/query/sharded/shard-answer.ts";
import { ShardedQueries } from "../../../src/query/sharded/sharded-queries.ts";
import { mapBy } from "./maps.ts";

/** What a shard answers to a question: a body with status 200, or an answer. */
export type Responder = (
  shard: number,
  question: ShardQuestion & { readonly q: string },
) => string | Uint8Array | (Pick<ShardAnswer, "status"> & { readonly body: string });

export interface Asked {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly pretty?: boolean;
  readonly isGet?: boolean;
  readonly map?: KeyMap;
  readonly limits?: Partial<RunLimits>;
  /** The sizes of the pieces in which bodies come. */
  readonly pieceSize?: number;
  readonly change?: (shard: number) => string;
}

/** Answers of shards that are made up, and what was asked of them. */
export class MadeUpShards {
  readonly questions: { readonly shard: number; readonly q: string }[] = [];
  /** Answers that were neither read to their end nor cancelled. */
  open = 0;
  readonly #respond: Responder;

  constructor(respond: Responder) {
    this.#respond = respond;
  }

  /** The relay's whole answer; a request that is refused or forwarded says so. */
  async ask(q: string, asked: Asked = {}): Promise<string> {
    const {
      parameters = {},
      accept = "application/json",
      pretty = false,
      map = mapBy("tag:c"),
      limits,
    } = asked;
    const queries = new ShardedQueries({
      map,
      ask: async (shard, question) => this.#answer(shard, question, asked.pieceSize ?? 7),
      change: async (shard) =>
        new TextEncoder().encode(asked.change?.(shard) ?? '{"results":[{"statement_id":0}]}'),
      limits: { maxRowsPulled: 1_000, maxHeldBytes: 1_000_000, ...limits },
    });
    const request = {
      statements: parseQuery(q, parseParams(parameters["params"] ?? "{}")).statements.map(
        ({ statement }) => statement,
      ),
      parameters: new Map(Object.entries({ db: "db0", ...parameters })),
      accept,
      pretty,
      isGet: asked.isGet ?? false,
      now: 1_785_542_400_000_000_000n,
      signal: new AbortController().signal,
    };
    const plan = queries.plan(request);
    if (plan.kind === "forward") return `forwarded to ${plan.shard}`;
    if (plan.kind === "refuse") return `refused ${plan.status}: ${plan.reason}`;
    const answer = await queries.run(plan.plans, request);
    if (answer.refusal !== undefined)
      return `${answer.status} ${new TextDecoder().decode(answer.refusal.body)}`;
    const pieces: Uint8Array[] = [];
    for (let piece = await answer.read(); piece !== undefined; piece = await answer.read())
      pieces.push(piece);
    return new Blob(pieces as Uint8Array<ArrayBuffer>[]).text();
  }

  #answer(shard: number, question: ShardQuestion, pieceSize: number): ShardAnswer {
    const q = question.parameters["q"] ?? "";
    this.questions.push({ shard, q });
    const response = this.#respond(shard, { ...question, q });
    const isAnswer = typeof response === "object" && "status" in response;
    const body = isAnswer ? response.body : response;
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    let at = 0;
    let isOpen = true;
    this.open++;
    const close = () => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    return {
      status: isAnswer ? response.status : 200,
      header: () => undefined,
      read: async () => {
        if (at >= bytes.length) {
          close();
          return undefined;
        }
        const piece = bytes.slice(at, at + pieceSize);
        at += pieceSize;
        return piece;
      },
      cancel: close,
    };
  }
}
