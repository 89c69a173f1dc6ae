import { factText, parseFact } from "./fact-entry.ts";
import type { SpoolFacts } from "./log.ts";

/** Keeps facts in memory, as the JSON that a journal would hold: what is read is what would come back from disk. */
export class MemoryFacts implements SpoolFacts {
  readonly intact = true;
  readonly #texts = new Map<string, string>();

  get(name: string): unknown {
    const text = this.#texts.get(name);
    return text === undefined ? undefined : parseFact(text).value;
  }

  async set(name: string, value: unknown): Promise<void> {
    this.#texts.set(name, factText(name, value));
  }

  async close(): Promise<void> {
    // Nothing is open: the facts go with the object itself.
  }
}
