/** Servers that store nothing, in a process of their own: reports their ports to the one that forked it. */
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/**
 * `sink` reads a write and answers 204 at once, with as little work as possible. `bare` does the same by plain
 * node:http: what a relay on it could reach at best. `hung` answers pings and never a write. `answers` is a sink that
 * has an answer of two hours to every query.
 */
export type SinkKind = "sink" | "bare" | "hung" | "answers";

const NO_CONTENT = Buffer.from("HTTP/1.1 204 No Content\r\n\r\n");
const END_OF_HEAD = "\r\n\r\n";
const ANSWER = Buffer.from(answerOf(120));

const SERVERS: Readonly<Record<SinkKind, () => Server>> = {
  sink: () => createServer((socket) => answerAtOnce(socket, () => NO_CONTENT)),
  answers: () =>
    createServer((socket) =>
      answerAtOnce(socket, (head) => (head.includes(" /query") ? ANSWER : NO_CONTENT)),
    ),
  bare: () =>
    createHttpServer((request, response) => {
      request.resume();
      request.on("end", () => response.writeHead(204).end());
    }),
  hung: () => createServer(answerPings),
};

/** As InfluxDB answers, in one chunk. */
function answerOf(rows: number): string {
  const values = Array.from({ length: rows }, (_, i) => `[${1_700_000_000_000 + i * 60_000},${i * 1.25}]`);
  const body = `{"results":[{"statement_id":0,"series":[{"name":"cpu","columns":["time","mean"],"values":[${values.join(",")}]}]}]}\n`;
  const head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Influxdb-Version: 1.6.7\r\nTransfer-Encoding: chunked\r\n\r\n";
  return `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** Answers each request when its body is complete. Understands Content-Length only. */
function answerAtOnce(socket: Socket, answerTo: (head: string) => Buffer): void {
  let head: Buffer | undefined;
  let answer: Buffer = NO_CONTENT;
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
        const text = bytes.toString("latin1", 0, end);
        missing = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
        answer = answerTo(text);
        rest = bytes.subarray(end + END_OF_HEAD.length);
      }
      const taken = Math.min(missing, rest.length);
      missing -= taken;
      rest = rest.subarray(taken);
      if (missing === 0) socket.write(answer);
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
