import type { Credentials, Reply } from "../writer.ts";

/** One InfluxQL statement that changes schema or data, on its way to every replica. */
export interface Change {
  /** One statement, as it will be sent. */
  readonly text: string;
  /** The request's parameters. */
  readonly db: string;
  readonly rp: string;
  /** The databases in whose order it has a place; undefined: in that of all. */
  readonly scope: readonly string[] | undefined;
  readonly hasPassword: boolean;
  readonly credentials: Credentials | undefined;
  readonly timeoutMs: number;
}

/** Takes changes to every replica. */
export interface Changes {
  /** Never rejects. The reply's body is what InfluxDB answered /query with. */
  post(change: Change, signal: AbortSignal): Promise<Reply>;
}
