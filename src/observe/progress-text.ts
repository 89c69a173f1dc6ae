import type { Status } from "./status-schema.ts";
import { age } from "./text.ts";

type Backend = Status["backends"][number];
type Recovery = Status["recovery"]["backends"][number];

/** Writes that it is not ready for. */
export function heldRecords({ held }: Backend): number {
  return held.reduce((sum, { records }) => sum + records, 0);
}

/** Writes that it gets as soon as it can take them. */
export function lackedRecords(backend: Backend): number {
  return Math.max(0, backend.backlog.records - heldRecords(backend));
}

/** What that takes, with what is held; the last segment of a log stays when all of it is delivered, and is not meant. */
export function lackedBytes({ backlog }: Backend): number {
  return backlog.records === 0 ? 0 : backlog.bytes;
}

/**
 * How long catching up takes, in words: at the rate at which it may get what it missed, for what it could take may be
 * less.
 * @param seen by how many writes a second what it lacks was seen to get less, if that is known.
 */
export function catchingUp(backend: Backend, seen = 0): string {
  const { backlog, state, drainBytesPerSecond } = backend;
  const lacked = lackedRecords(backend);
  if (lacked === 0) return "-";
  if (state === "down") return "when it is up";
  const seconds = seen > 0 ? lacked / seen : backlog.bytes / drainBytesPerSecond;
  return age(Math.max(1, seconds) * 1_000);
}

/** What is done by itself about a backend. */
export function recoveryText({ state, waiting, from, progress, last }: Recovery): string {
  const ended = last === undefined ? "" : `; the last one: ${lastText(last)}`;
  if (state === "idle") return `nothing is done${ended}`;
  if (state === "waiting") return `waits: ${waiting}${ended}`;
  if (state === "comparing") return `compared with ${from}`;
  if (progress?.phase !== "copying") return `repaired from ${from}: what differs is being looked for`;
  const { points, pointsToCopy, pointsPerSecond, leftSeconds } = progress;
  const left = leftSeconds === undefined ? "" : `, ${age(leftSeconds * 1_000)} left`;
  return `repaired from ${from}: ${points} of ${pointsToCopy} points, ${pointsPerSecond}/s${left}`;
}

function lastText({ result, points, seconds, from, error }: NonNullable<Recovery["last"]>): string {
  const copied = `${points} points copied from ${from} in ${age(seconds * 1_000)}`;
  return error === undefined ? `${result}, ${copied}` : `${result}, ${copied}: ${error}`;
}
