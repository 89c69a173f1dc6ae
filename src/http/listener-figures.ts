import type { ListenerFigures } from "../observe/figures.ts";
import type { AppListener } from "./listener.ts";

interface MeasuredListener extends Pick<AppListener, "counters" | "answers" | "queryCounters"> {
  readonly config: { readonly name: string };
}

/** @param sharding absent if every replica gets every write. */
export function listenerFigures(
  { config, counters, answers, queryCounters }: MeasuredListener,
  sharding: ListenerFigures["sharding"],
): ListenerFigures {
  return {
    name: config.name,
    counters: { ...counters },
    writes: { ...answers.writes },
    writeSeconds: answers.writeSeconds.read(),
    queries: { ...queryCounters },
    querySeconds: answers.querySeconds.read(),
    sharding,
  };
}
