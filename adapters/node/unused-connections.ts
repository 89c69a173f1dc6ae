import type { EventEmitter } from "node:events";
import type { Server, Socket } from "node:net";

/**
 * Watches a server's connections. `event` is the one that hands the server a socket that speaks HTTP. Returns what
 * closes those over which nothing has come yet: browsers and load balancers open some in advance, and for Node they
 * are not idle.
 */
export function watchUnused(server: Server, event: "connection" | "secureConnection"): () => void {
  const emitter: EventEmitter = server;
  /** How much each had read when it could speak HTTP: a handshake counts. */
  const open = new Map<Socket, number>();
  emitter.on(event, (socket: Socket) => {
    open.set(socket, socket.bytesRead);
    socket.once("close", () => open.delete(socket));
  });
  return () => {
    for (const [socket, atStart] of open) if (socket.bytesRead === atStart) socket.destroy();
  };
}
