import { errorReply } from "../write/reply.ts";
import type { QueryCounters } from "./counters.ts";
import { own, type Queries, type QueryAnswer } from "./query.ts";

const REFUSAL = errorReply(
  501,
  'no output here answers InfluxQL: those of kind "v2" are only written to; ask the servers themselves',
);

/** Refuses the queries of a listener, or of one with a shard, that has nobody to answer them. */
export class NoQueries implements Queries {
  readonly #counters: QueryCounters;

  constructor(counters: QueryCounters) {
    this.#counters = counters;
  }

  async ask(): Promise<QueryAnswer> {
    this.#counters.refused++;
    return own(REFUSAL);
  }

  pass(): Promise<QueryAnswer> {
    return this.ask();
  }
}
