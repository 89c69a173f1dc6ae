import type { Log } from "../observe/log.ts";
import { errorReply } from "../write/reply.ts";
import type { Reply } from "../writer.ts";
import type { QueryCounters } from "./counters.ts";
import { type Rules, refusal } from "./rules.ts";
import type { QueryStatement } from "./statements.ts";

export interface RefusalsOptions {
  readonly listener: string;
  readonly rules: Rules;
  readonly counters: QueryCounters;
  readonly log: Log;
}

/** What a listener does not let through: counted and logged. */
export class Refusals {
  readonly #options: RefusalsOptions;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** True if not all is allowed. */
  get any(): boolean {
    const { readOnly, deny } = this.#options.rules;
    return readOnly || deny.length > 0;
  }

  /** The answer to a text of which a statement is not allowed; undefined if all are. */
  of(statements: readonly QueryStatement[]): Reply | undefined {
    for (const statement of statements) {
      const reason = refusal(statement, this.#options.rules);
      if (reason !== undefined) return this.refused(403, reason);
    }
    return undefined;
  }

  refused(status: number, message: string): Reply {
    const { counters, log, listener } = this.#options;
    counters.refused++;
    log.throttled("info", "query-refused", { listener, status });
    return errorReply(status, message);
  }
}
