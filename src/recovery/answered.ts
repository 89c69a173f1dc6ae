import type { Clock } from "../platform.ts";
import { readable } from "./bytes.ts";
import type { RelayControl } from "./control.ts";
import { ServerError } from "./errors.ts";
import type { Server } from "./server.ts";
import { sleep } from "./sleep.ts";

/** A server that is waited for is asked so often whether it is still there, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * Resolves when a server has answered everything for a database that was accepted before. That may take long, but not for
 * ever: what a server that is down lacks is kept for it, and answered when somebody starts it.
 * @throws {ServerError} if it is not there, or after so many milliseconds, if there is such a limit.
 */
export async function answeredBy(
  server: Pick<Server, "name" | "ping">,
  db: string,
  { control, clock }: { readonly control: Pick<RelayControl, "answered">; readonly clock: Clock },
  signal: AbortSignal,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const watch = async () => {
    const until = clock.monotonic() + limitMs;
    for (;;) {
      await sleep(clock, LOOK_MS, both);
      if (!(await server.ping())) throw unavailable(server, "it does not answer, and lacks writes");
      if (clock.monotonic() >= until) throw unavailable(server, "it lacks writes that were kept for it");
    }
  };
  const answered = control.answered(server.name, readable(db), both);
  // Whichever comes second is not waited for.
  const watching = watch();
  answered.catch(() => {});
  watching.catch(() => {});
  try {
    await Promise.race([answered, watching]);
  } finally {
    ended.abort();
  }
}

const unavailable = ({ name }: Pick<Server, "name">, words: string) =>
  new ServerError(name, "unavailable", words);
