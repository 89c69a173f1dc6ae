import type { Destination } from "../writer.ts";

/** True if writes to both may share a request. */
export function sameDestination(a: Destination, b: Destination): boolean {
  return a.precision === b.precision && a.rp === b.rp && a.db === b.db && sameCredentials(a, b);
}

/** Of one lane, and so of one database and policy: those that a backend refuses for the same reason. */
export function sameCredentials(a: Destination, b: Destination): boolean {
  return a.credentials?.authorization === b.credentials?.authorization;
}
