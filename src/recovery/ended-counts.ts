import type { LastRecovery } from "./auto-status.ts";

type Result = LastRecovery["result"];

/** What ended for one backend. */
export interface EndedCounts {
  /** By result. */
  readonly ended: Readonly<Record<Result, number>>;
  /** That were copied. */
  readonly points: number;
}

/** How the recoveries of each backend ended since the start. */
export class Ended {
  readonly #backends = new Map<string, { ended: Record<Result, number>; points: number }>();

  add(backend: string, result: Result, points: number): void {
    const counts = this.#of(backend);
    this.#backends.set(backend, counts);
    counts.ended[result]++;
    counts.points += points;
  }

  of(backend: string): EndedCounts {
    const { ended, points } = this.#of(backend);
    return { ended: { ...ended }, points };
  }

  #of(backend: string) {
    return this.#backends.get(backend) ?? { ended: { equal: 0, different: 0, failed: 0 }, points: 0 };
  }
}
