/** How long a test waits for something that should happen soon, in milliseconds. Only a failure waits that long. */
export const WAIT_LIMIT_MS = 10_000;
/** What is long in coming is asked for less often: asking takes the time of what it is about. In milliseconds. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** `promise`, or an error that says `what` was waited for. `detail` is asked only then. */
export async function withLimit<T>(
  promise: Promise<T>,
  what: string,
  limitMs: number = WAIT_LIMIT_MS,
  detail: () => string = () => "",
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up after ${limitMs} ms: ${what}${detail()}`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets others wait until something that it is told about is so. */
export interface Watch {
  /** Looks again at every condition that is waited for. */
  changed(): void;
  /** Resolves as soon as `holds` is true, at once if it is. */
  until(holds: () => boolean, what: string, limitMs?: number, detail?: () => string): Promise<void>;
}

export function createWatch(): Watch {
  const waiting = new Set<() => void>();
  return {
    changed: () => {
      for (const look of waiting) look();
    },
    until: async (holds, what, limitMs, detail) => {
      if (holds()) return;
      const met = Promise.withResolvers<void>();
      const look = () => {
        if (holds()) met.resolve();
      };
      waiting.add(look);
      try {
        await withLimit(met.promise, what, limitMs, detail);
      } finally {
        waiting.delete(look);
      }
    },
  };
}

/** Asks until the answer is true; for what tells nobody, as another process. */
export async function poll(
  ask: () => Promise<boolean>,
  what: string,
  limitMs: number = WAIT_LIMIT_MS,
  detail?: () => string,
): Promise<void> {
  const until = performance.now() + limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; !(await ask()); pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    if (performance.now() > until) throw new Error(`gave up after ${limitMs} ms: ${what}${detail?.() ?? ""}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
