import type { Entry } from "./entry.ts";

/** True for an entry for which nobody waits, and that the backend must get. */
export function isKept({ answered, decision }: Entry): boolean {
  return answered && decision === "keep";
}

/** True if it can be read back from the log, of which `oldest` is the first place, as it is here. */
export function isSheddable(entry: Entry, oldest: number): boolean {
  const { ticket, inFlight } = entry;
  if (ticket === undefined || inFlight || !isKept(entry)) return false;
  return ticket.safe && !ticket.shared && ticket.first >= oldest;
}
