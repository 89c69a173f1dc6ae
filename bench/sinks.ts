/** Servers that store nothing, in a process of their own: reports their ports to the one that forked it. */
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/**
 * `sink` reads a write and answers 204 at once, with as little work as possible. `bare` does the same by plain
 * node:http: what a relay on it could reach at best. `hung` answers pings and never a write.
 */
export type SinkKind = "sink" | "bare" | "hung";

const NO_CONTENT = Buffer.from("HTTP/1.1 204 No Content\r\n\r\n");
const END_OF_HEAD = "\r\n\r\n";

const SERVERS: Readonly<Record<SinkKind, () => Server>> = {
  sink: () => createServer(answerAtOnce),
  bare: () =>
    createHttpServer((request, response) => {
      request.resume();
      request.on("end", () => response.writeHead(204).end());
    }),
  hung: () => createServer(answerPings),
};

/** Answers each request when its body is complete. Understands Content-Length only. */
function answerAtOnce(socket: Socket): void {
  let head: Buffer | undefined;
  let missing = 0;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    let rest: Buffer = chunk;
    while (rest.length > 0) {
      if (missing === 0) {
        const bytes: Buffer = head === undefined ? rest : Buffer.concat([head, rest]);
        const end = bytes.indexOf(END_OF_HEAD);
        head = end < 0 ? bytes : undefined;
        if (end < 0) return;
        missing = Number(/content-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end))?.[1] ?? 0);
        rest = bytes.subarray(end + END_OF_HEAD.length);
      }
      const taken = Math.min(missing, rest.length);
      missing -= taken;
      rest = rest.subarray(taken);
      if (missing === 0) socket.write(NO_CONTENT);
    }
  });
}

function answerPings(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    if (chunk.indexOf("GET ") === 0) socket.write(NO_CONTENT);
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

process.on("disconnect", () => process.exit());
const kinds = process.argv.slice(2) as SinkKind[];
process.send?.(await Promise.all(kinds.map((kind) => listen(SERVERS[kind]()))));
