import type { Change, Reply } from "../writer.ts";

/** Takes changes to every replica. */
export interface Changes {
  /** Never rejects. The reply's body is what InfluxDB answered /query with. */
  post(change: Change, signal: AbortSignal): Promise<Reply>;
}
