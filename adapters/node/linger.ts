import type { Duplex } from "node:stream";

/** A client has so long to read the last answer and to close. */
const LINGER_MS = 1_000;

/**
 * Ends a connection so that its last answer, with `last` as the end of it, arrives. A client that still sends must
 * not find the connection closed at once: what it sends would be answered with a reset, and the reset would overtake
 * the answer. So this side is closed, the other one read for a while (whoever reads it goes on doing so, and throws it
 * away), and then all is cut.
 */
export function endGently(socket: Duplex, last?: string): void {
  if (socket.writableEnded || socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.end(last);
}
