import { splitLines } from "../write/split.ts";
import { Entry } from "./entry.ts";
import { joinBodies } from "./joiner.ts";
import type { Ticket } from "./ticket.ts";

/** Requests that may be spent on finding the bad lines of one rejected write; beyond it, larger parts count as bad. */
const MAX_REQUESTS = 200;

/**
 * Divides an entry for which nobody waits, and which is in the log, into entries with some of its records or lines
 * each. Undefined if it is one line, or, if it is `bounded`, when finding the bad lines has cost too much.
 */
export function sift(entry: Entry, bounded: boolean): readonly Entry[] | undefined {
  const budget = entry.sift ?? { left: MAX_REQUESTS };
  if (entry.ticket === undefined || (bounded && budget.left <= 0)) return undefined;
  const parts = entry.bodies.length > 1 ? byRecords(entry, entry.ticket) : byLines(entry, entry.ticket);
  if (bounded) budget.left -= parts.length;
  for (const part of parts) part.sift = budget;
  return parts.length < 2 ? undefined : parts;
}

/** An entry of several records as one entry for each. */
export function records(entry: Entry): readonly Entry[] {
  if (entry.bodies.length < 2 || entry.ticket === undefined) return [entry];
  return byRecords(entry, entry.ticket).flatMap(records);
}

function byRecords(entry: Entry, ticket: Ticket): Entry[] {
  const middle = Math.ceil(entry.bodies.length / 2);
  const halves = [entry.bodies.slice(0, middle), entry.bodies.slice(middle)];
  const tickets = ticket.divide(middle);
  return halves.map((bodies, i) => {
    const half = partOf(entry, joinBodies(bodies), tickets[i] as Ticket, entry.write.closed);
    if (bodies.length > 1) half.bodies = bodies;
    return half;
  });
}

function byLines(entry: Entry, ticket: Ticket): Entry[] {
  const bodies = splitLines(entry.body, Math.ceil(entry.body.byteLength / 2));
  if (bodies.length < 2) return [];
  return bodies.map((body, i) => {
    const closed = i < bodies.length - 1 || entry.write.closed;
    return partOf(entry, body, i === 0 ? ticket : ticket.share(), closed);
  });
}

function partOf(entry: Entry, body: Uint8Array, ticket: Ticket, closed: boolean): Entry {
  const part = new Entry({ ...entry.write, body, closed }, entry.lane);
  part.number = entry.number;
  part.decision = "keep";
  part.ticket = ticket;
  return part;
}
