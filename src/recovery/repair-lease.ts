import { RelayError } from "../errors.ts";

/** Another relay repairs a backend: to do the same at once would be safe, and a waste. */
export class RepairedElsewhereError extends RelayError {
  constructor(who: string) {
    super("REPAIRED_ELSEWHERE", `${who} repairs it`);
  }
}

/**
 * Asks the other relays whether one of them repairs a backend. Resolves with what ends the lease that keeps them from doing so.
 * Whoever does not answer is not waited for. They hear which databases the backend lacks as a whole.
 * @throws {RepairedElsewhereError}
 */
export type LeaseRepair = (backend: string, lacking: readonly string[]) => Promise<() => Promise<void>>;
