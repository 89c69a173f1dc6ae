import type { Backend } from "../backend/backend.ts";
import type { HttpListenerConfig, SpoolConfig } from "../config/config.ts";
import { createHttpCounters } from "../http/listener.ts";
import type { Platform } from "../platform.ts";
import type { Budget } from "../write/budget.ts";
import { FanOut } from "../write/fan-out.ts";
import type { Reply, Write, Writer } from "../writer.ts";

/** An HTTP listener's side of the relay: where its writes go. */
export class Listener implements Writer {
  config: HttpListenerConfig;
  backends: readonly Backend[];
  readonly counters = createHttpCounters();
  #fanOut: FanOut;
  readonly #platform: Platform;
  readonly #budget: Budget;

  #spool: SpoolConfig | undefined;

  constructor(
    config: HttpListenerConfig,
    backends: readonly Backend[],
    spool: SpoolConfig | undefined,
    platform: Platform,
    budget: Budget,
  ) {
    this.#platform = platform;
    this.#budget = budget;
    this.config = config;
    this.backends = backends;
    this.#spool = spool;
    this.#fanOut = this.#fan();
  }

  /** Left the config: what clients are just sending goes to those of its backends that are still there. */
  retire(live: ReadonlySet<Backend>): void {
    const left = this.backends.filter((backend) => live.has(backend));
    this.reconfigure(this.config, left, this.#spool);
  }

  reconfigure(
    config: HttpListenerConfig,
    backends: readonly Backend[],
    spool: SpoolConfig | undefined,
  ): void {
    this.config = config;
    this.backends = backends;
    this.#spool = spool;
    this.#fanOut = this.#fan();
  }

  post(write: Write, signal: AbortSignal): Promise<Reply> {
    return this.#fanOut.post(write, signal);
  }

  #fan(): FanOut {
    const deadlineMs = Math.max(...this.config.outputs.map(({ timeoutMs }) => timeoutMs));
    const { clock } = this.#platform;
    const spool = this.#spool && {
      graceMs: this.#spool.graceMs,
      refuseWhenFull: this.#spool.whenFull === "refuse",
    };
    return new FanOut({
      replicas: this.backends,
      clock,
      deadlineMs,
      budget: this.#budget,
      ...(spool && { spool }),
    });
  }
}
