import type { Backend } from "../backend/backend.ts";
import type { RelayControl, SuspectRange } from "./control.ts";

/**
 * The relay of this process for a recovery that it runs by itself of ranges in which a backend is known to differ. Those
 * keep it out of queries for their databases, and only for them, until they are forgotten, which whoever runs the
 * recovery does: nothing has to be drained, or is left drained by a relay that dies.
 */
export function processControl(
  backends: readonly Backend[],
  suspects: readonly SuspectRange[],
): RelayControl {
  const find = (name: string) => backends.find((backend) => backend.name === name) as Backend;
  return {
    drain: async () => {},
    resume: async () => {},
    hold: async (name, db, rp, signal) => {
      const end = await find(name).pause(db, rp);
      if (!signal.aborted) return async () => end();
      end();
      throw signal.reason;
    },
    answered: (name, db, signal) => find(name).answered(db, signal),
    suspects: async () => suspects,
    repaired: async () => {},
  };
}
