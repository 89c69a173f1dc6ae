/** What became of a listener's queries since the relay started. Each only grows. */
export interface QueryCounters {
  /** Requests to a query endpoint, whatever became of them. */
  requests: number;
  /** Answered by a replica. A statement's error is an answer too. */
  answered: number;
  /** Statements that changed something on the replicas. */
  changes: number;
  /** Refused by the listener: not InfluxQL, or not allowed here. */
  refused: number;
  /** Told 5xx or 429, because no replica had another answer. */
  failed: number;
  /** Told 503, because every replica was answering as many queries as it may. */
  busy: number;
  /** Clients that went away before the answer began. */
  abandoned: number;
  /** Answers that broke off after they had begun. */
  brokenOff: number;
  /** Times that another replica was asked, because one did not answer or could not. */
  failovers: number;
  /** Answers of replicas that were not in sync. */
  stale: number;
  /** Queries for which no replica had answered every write in time. */
  unsynced: number;
}

export function createQueryCounters(): QueryCounters {
  return {
    requests: 0,
    answered: 0,
    changes: 0,
    refused: 0,
    failed: 0,
    busy: 0,
    abandoned: 0,
    brokenOff: 0,
    failovers: 0,
    stale: 0,
    unsynced: 0,
  };
}
