import type { StateStore } from "./state.ts";

/** What a recovery must know to go on, for as long as the process lives. */
export function memoryState(): StateStore {
  let known: string | undefined;
  return {
    load: async () => known,
    save: async (text) => {
      known = text;
    },
    remove: async () => {
      known = undefined;
    },
  };
}
