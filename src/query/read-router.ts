import type { Question, RunningAnswer } from "../backend/query-client.ts";
import { TransportError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Clock, Platform } from "../platform.ts";
import { errorReply } from "../write/reply.ts";
import { byPending, candidatesFor, firstUpToDate, type Policy, pendingOf, within } from "./choice.ts";
import type { QueryCounters } from "./counters.ts";
import { hold, readOpening } from "./opening.ts";
import type { AnswerBody, QueryAnswer, ReadQuery } from "./query.ts";
import type { ReadReplica } from "./replica.ts";
import { errorsIn, isTransient } from "./transient.ts";

/** So long a query waits for a replica that is answering as many as it may, in milliseconds. */
const BUSY_WAIT_MS = 1_000;
/** An answer that another replica may better is held until that is known, if it is no longer than so many bytes. */
const MAX_HELD = 64 * 1024;

export interface ReadRouterOptions {
  readonly listener: string;
  readonly replicas: readonly ReadReplica[];
  readonly policy: Policy;
  /** So long a query waits for a replica that has answered every write that came before it, in milliseconds. */
  readonly syncWaitMs: number;
  /** Until an answer begins, and between two pieces of it, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly gunzip: Platform["gunzip"];
  readonly counters: QueryCounters;
  readonly log: Log;
}

/** What asking one replica came to: an answer for the client, or one that may be bettered, or none. */
type Attempt =
  | { readonly better: false; readonly answer: RunningAnswer }
  | { readonly better: true; readonly answer: Passed | undefined };
type Passed = Extract<QueryAnswer, { kind: "passed" }>;

/** What is known of one query while it is routed. */
interface Search {
  readonly query: ReadQuery;
  readonly databases: readonly string[];
  /** Until when (monotonic) it may wait for writes, and for a place. */
  readonly syncUntil: number;
  readonly placeUntil: number;
}

/**
 * Sends each read to one replica: one that has what was written through this relay before, and that is in sync. The
 * answer is passed on as it comes. As long as nothing of it has been, another replica can take over.
 */
export class ReadRouter {
  readonly #options: ReadRouterOptions;

  constructor(options: ReadRouterOptions) {
    this.#options = options;
  }

  /** Never rejects. A client that went away gets an answer that nobody sends. */
  async ask(query: ReadQuery): Promise<QueryAnswer> {
    const { replicas, policy, syncWaitMs, clock, random, counters } = this.#options;
    const { inSync, stale } = candidatesFor(replicas, query.databases, policy, random);
    const now = clock.monotonic();
    const search: Search = {
      query,
      databases: query.databases ?? [],
      syncUntil: now + syncWaitMs,
      placeUntil: now + BUSY_WAIT_MS,
    };
    const left = { inSync: [...inSync], stale: [...stale] };
    let worse: QueryAnswer | undefined;
    while (left.inSync.length + left.stale.length > 0) {
      const isStale = left.inSync.length === 0;
      const group = isStale ? left.stale : left.inSync;
      const replica = await this.#choose(group, search, isStale);
      if (query.signal.aborted) return this.#gone();
      if (replica === undefined) return this.#busy(group, worse);
      group.splice(group.indexOf(replica), 1);
      const attempt = await this.#ask(replica, query);
      if (!attempt.better) return this.#pass(attempt.answer, replica, query, isStale);
      if (query.signal.aborted) return this.#gone();
      worse ??= attempt.answer;
      if (left.inSync.length + left.stale.length > 0) counters.failovers++;
    }
    counters.failed++;
    return worse ?? { kind: "own", reply: errorReply(503, "no InfluxDB server answered the query") };
  }

  /** The replica to ask next; undefined if none has a place. */
  async #choose(
    group: readonly ReadReplica[],
    search: Search,
    isStale: boolean,
  ): Promise<ReadReplica | undefined> {
    const { clock } = this.#options;
    const { signal } = search.query;
    for (;;) {
      const free = group.filter(({ queries }) => queries.free);
      if (free.length > 0) return isStale ? free[0] : await this.#upToDate(free, search);
      const left = search.placeUntil - clock.monotonic();
      if (left <= 0 || signal.aborted) return undefined;
      await within(left, clock, signal, (over) =>
        Promise.race(group.map(({ queries }) => queries.freed(over))),
      );
    }
  }

  async #upToDate(replicas: readonly ReadReplica[], search: Search): Promise<ReadReplica | undefined> {
    const { clock, counters, log, listener } = this.#options;
    const { databases, query, syncUntil } = search;
    const sorted = byPending(replicas, databases);
    const best = sorted[0] as ReadReplica;
    if (pendingOf(best, databases) === 0) return best;
    const left = Math.max(0, syncUntil - clock.monotonic());
    const found = await firstUpToDate(sorted, databases, left, clock, query.signal);
    if (found !== undefined || query.signal.aborted) return found;
    counters.unsynced++;
    const next = "the query is answered without what was just written; see sync-wait";
    log.throttled("warn", "query-unsynced", { listener, backend: best.name, next });
    return best;
  }

  async #ask(replica: ReadReplica, query: ReadQuery): Promise<Attempt> {
    const question: Question = { ...query, timeoutMs: this.#options.timeoutMs };
    try {
      const answer = await replica.queries.ask(question);
      const { status } = answer.head;
      if (isUnusable(status)) {
        this.#tell(replica, `status ${status}`);
        return { better: true, answer: await unusable(answer) };
      }
      const opening = await readOpening(answer, this.#options.gunzip);
      const error = status === 200 ? errorsIn(opening.text).find(isTransient) : undefined;
      if (error === undefined) return { better: false, answer: opening.answer };
      const whole = await hold(opening.answer, MAX_HELD);
      // So long an answer is no error, whatever it begins with.
      if (!whole.ended) return { better: false, answer: whole.answer };
      this.#tell(replica, error);
      return { better: true, answer: passed(whole.answer) };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (!query.signal.aborted) this.#tell(replica, error.failure);
      return { better: true, answer: undefined };
    }
  }

  #pass(answer: RunningAnswer, replica: ReadReplica, query: ReadQuery, isStale: boolean): QueryAnswer {
    const { counters, log, listener } = this.#options;
    counters.answered++;
    const fresh = passed(answer, this.#watched(answer, replica, query));
    if (!isStale) return fresh;
    counters.stale++;
    const staleMs = Math.max(0, ...(query.databases ?? [undefined]).map((db) => replica.staleMs(db)));
    const next = "no replica is in sync: the answer may lack what was written since";
    log.throttled("warn", "query-stale", { listener, backend: replica.name, staleMs, next });
    return { ...fresh, staleMs };
  }

  #watched(answer: RunningAnswer, { name }: ReadReplica, { signal }: ReadQuery): AnswerBody {
    const { counters, log, listener } = this.#options;
    return {
      async read() {
        try {
          return await answer.read();
        } catch (error) {
          if (signal.aborted) throw error;
          counters.brokenOff++;
          const reason = error instanceof TransportError ? error.failure : "unknown";
          const next = "the client's connection is cut, so that it does not take the part for the whole";
          log.throttled("warn", "query-broken-off", { listener, backend: name, reason, next });
          throw error;
        }
      },
      cancel: () => answer.cancel(),
    };
  }

  #busy(group: readonly ReadReplica[], worse: QueryAnswer | undefined): QueryAnswer {
    const { counters, log, listener } = this.#options;
    counters.busy++;
    log.throttled("warn", "queries-busy", {
      listener,
      next: "clients are told 503; see max-concurrent-queries",
    });
    const limit = Math.max(...group.map(({ queries }) => queries.maxRunning));
    const message = `max-concurrent-queries limit exceeded(${limit}, ${limit})`;
    return worse ?? { kind: "own", reply: errorReply(503, message) };
  }

  #gone(): QueryAnswer {
    this.#options.counters.abandoned++;
    return { kind: "own", reply: errorReply(503, "the client went away") };
  }

  #tell({ name }: ReadReplica, reason: string): void {
    const { log, listener } = this.#options;
    const fields = { listener, backend: name, reason, next: "another replica is asked, if there is one" };
    log.throttled("warn", "query-failed", fields, `query-failed ${name}`);
  }
}

/** Statuses that say something of the server: overload, defects, and redirects to somewhere else. */
function isUnusable(status: number): boolean {
  return status >= 500 || status === 429 || status === 408 || (status >= 300 && status < 400);
}

/** A redirect would lead clients past the relay. */
async function unusable(answer: RunningAnswer): Promise<Passed | undefined> {
  const { status } = answer.head;
  const whole = status < 400 ? undefined : await hold(answer, MAX_HELD);
  if (whole?.ended) return passed(whole.answer);
  answer.cancel();
  return undefined;
}

function passed(answer: RunningAnswer, body: AnswerBody = answer): Passed {
  return { kind: "passed", head: answer.head, body };
}
