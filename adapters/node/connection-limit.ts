import type { EventEmitter } from "node:events";
import type { Server } from "node:net";
import type { Duplex } from "node:stream";
import { endGently } from "./linger.ts";

/** Connections beyond the limit that may be told so at a time; further ones are closed without a word. */
const TOLD_AT_A_TIME = 64;
const BODY = '{"error":"too many connections"}\n';
const ANSWER = [
  "HTTP/1.1 503 Service Unavailable",
  "Content-Type: application/json",
  "X-Influxdb-Error: too many connections",
  "Retry-After: 1",
  "Connection: close",
  `Content-Length: ${BODY.length}`,
  "",
  BODY,
].join("\r\n");

/**
 * Limits a server's connections. One too many gets a 503 and is closed, before anything that it sends is read as a
 * request. `event` is the one that hands the server a socket that speaks HTTP: `connection` or `secureConnection`.
 */
export function limitConnections(
  server: Server,
  event: "connection" | "secureConnection",
  limit: number,
  onRefused: () => void,
): void {
  const emitter: EventEmitter = server;
  const accepting = emitter.listeners(event) as ((socket: Duplex) => void)[];
  let open = 0;
  emitter.removeAllListeners(event);
  emitter.on(event, (socket: Duplex) => {
    if (open >= limit) {
      onRefused();
      refuse(socket);
      return;
    }
    open++;
    socket.once("close", () => open--);
    for (const accept of accepting) accept.call(server, socket);
  });
  // Also counts connections that are still shaking hands.
  server.maxConnections = limit + TOLD_AT_A_TIME;
  server.on("drop", onRefused);
}

function refuse(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.resume();
  endGently(socket, ANSWER);
}
