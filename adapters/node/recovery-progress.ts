import { formatGoDuration } from "../../src/config/go-duration.ts";
import { readable } from "../../src/recovery/bytes.ts";
import type { Progress } from "../../src/recovery/progress.ts";
import type { Output } from "./host.ts";
import { printable } from "./text-table.ts";

const BAR_WIDTH = 20;
const TERMINAL_MS = 200;
const LINES_MS = 1_000;
const COLUMNS = 100;

/** Shows how far a recovery is: a line that changes on a terminal, a line of JSON a second elsewhere. */
export function showProgress(
  read: () => Progress,
  stderr: Output["stderr"],
  terminal: boolean,
): { readonly stop: () => void } {
  const show = terminal
    ? () => stderr.write(`\r\x1b[K${progressText(read()).slice(0, COLUMNS)}`)
    : () => stderr.write(`${JSON.stringify(progressJson(read()))}\n`);
  // It also keeps the process alive while nothing but the relay's own timers would.
  const timer = setInterval(show, terminal ? TERMINAL_MS : LINES_MS);
  return {
    stop: () => {
      clearInterval(timer);
      if (terminal) stderr.write("\r\x1b[K");
    },
  };
}

export function progressText(progress: Progress): string {
  const { phase, done, total, points, pointsToCopy, pointsPerSecond, leftMs, place } = progress;
  const share = phase === "comparing" ? ratio(done, total) : ratio(points, pointsToCopy);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `[${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}]`;
  const figures =
    phase === "comparing"
      ? [`${count(done)} of ${count(total)}`]
      : [`${count(points)} of ${count(pointsToCopy)} points`, `${count(pointsPerSecond)}/s`];
  const left = leftMs === undefined ? [] : [`${formatGoDuration(Math.round(leftMs / 1_000) * 1_000)} left`];
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return [`${phase} ${bar} ${percent}`, ...figures, ...left, printable(readable(place))].join("  ");
}

function progressJson({ place, pointsPerSecond, leftMs, ...progress }: Progress): object {
  return {
    ...progress,
    pointsPerSecond: Math.round(pointsPerSecond),
    ...(leftMs !== undefined && { leftMs: Math.round(leftMs) }),
    place: readable(place),
  };
}

/** More may be copied than the first comparison found. */
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : Math.min(1, part / whole));

const count = (value: number): string => Math.round(value).toLocaleString("en");
