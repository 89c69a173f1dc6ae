import type { SpoolConfig } from "../config/config.ts";
import type { BackendSpool } from "../spool/log.ts";
import { MemoryFacts } from "../spool/memory-facts.ts";
import { MemoryLog } from "../spool/memory-log.ts";

/** Where and how a backend's writes are kept on disk. */
export interface BackendStorage {
  readonly spool: BackendSpool;
  readonly config: SpoolConfig;
}

/** Nothing of it outlives the process. */
export function memorySpool(): BackendSpool {
  return {
    main: new MemoryLog(),
    hold: new MemoryLog(),
    dead: new MemoryLog(),
    facts: new MemoryFacts(),
    doubtful: false,
    abandoned: false,
  };
}
