import type { Acceptance, ReplyObserver } from "./replica.ts";

/** Resolves when what was accepted is kept for the backend, which gets it in its turn. */
export function kept(accept: (observer: ReplyObserver) => Acceptance): Promise<void> {
  return new Promise((resolve, reject) => {
    accept({
      answered: () => {},
      kept: (_, error) => (error === undefined ? resolve() : reject(error)),
    }).keep();
  });
}
