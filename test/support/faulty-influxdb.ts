import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { createDemoInfluxdb, type DemoOptions } from "../../src/demo/influxdb.ts";
import type { PointStore } from "../../src/demo/store.ts";
import { canonicalLine } from "./canonical-points.ts";
import { type Fault, play, send } from "./faults.ts";
import { createVirtualClock } from "./virtual-clock.ts";
import { createWatch } from "./wait.ts";

/** A request as it came. */
export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Uint8Array;
  /** The body as text, inflated. */
  readonly text: string;
}

/** An InfluxDB that does as it is told: it takes writes and answers a few queries, and fails in the way that a test wants. */
export interface FaultyInfluxdb {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Oldest first. A request is here once its body was read, and before it is answered. */
  readonly requests: RecordedRequest[];
  /** Requests that a `hold` fault keeps waiting. */
  readonly held: number;
  /** Resolves when so many requests came to `path`, counted from the start. */
  waitForRequests(count: number, path?: string): Promise<void>;
  waitForHeld(count: number): Promise<void>;
  /** Resolves when so many clients went away before they were answered, counted from the start. */
  waitForGone(count: number): Promise<void>;
  /** Lets the requests that are held go on, the oldest first; all unless `count` is given. */
  release(count?: number): void;
  /** What goes wrong from now on: the first fault that fits a request; nothing without an argument. */
  setFault(...faults: (Fault | undefined)[]): void;
  /** Stops listening and resets every connection: whoever connects is refused. */
  refuse(): Promise<void>;
  /** The same port again, with the data as it was. */
  listenAgain(): Promise<void>;
  /** Everything that is stored in a database, as sorted canonical lines. */
  points(db: string): string[];
  close(): Promise<void>;
}

export interface FaultyOptions extends Partial<Omit<DemoOptions, "clock">> {
  /** One that the system chooses unless given; only for a network namespace of its own. */
  readonly port?: number;
  /** Answers over TLS; with `ca` only clients that have a certificate of it. PEM text. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

/** As InfluxDB, which lets a connection be idle for as long as the client wants. */
const patient = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };

export async function startFaultyInfluxdb(options: FaultyOptions = {}): Promise<FaultyInfluxdb> {
  const { tls, ...demoOptions } = options;
  const demo = createDemoInfluxdb({ databases: ["demo"], clock: createVirtualClock(), ...demoOptions });
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  const watch = createWatch();
  let faults: { readonly fault: Fault; left: number }[] = [];
  let held: (() => void)[] = [];
  let gone = 0;

  function takeFault(path: string): Fault | undefined {
    // A relay pings when it likes: a fault for some requests is for those that the test sends.
    const isFor = ({ fault, left }: (typeof faults)[number]) =>
      fault.path === undefined ? path !== "/ping" || left === Number.POSITIVE_INFINITY : fault.path === path;
    const found = faults.find((candidate) => candidate.left > 0 && isFor(candidate));
    if (found !== undefined) found.left--;
    return found?.fault;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("close", () => {
      if (response.writableFinished) return;
      gone++;
      watch.changed();
    });
    const [path = "", search = ""] = (request.url ?? "").split(/\?(.*)/s);
    const fault = takeFault(path);
    const record = (body: Uint8Array) => {
      const { method = "", url = "", headers } = request;
      const text = new TextDecoder().decode(inflated(body, headers["content-encoding"]));
      requests.push({ method, path: url, parameters: new URLSearchParams(search), headers, body, text });
      watch.changed();
    };
    const early = fault?.kind === "reset" && fault.when === "before-reading";
    const body = early ? new Uint8Array(0) : await read(request);
    record(body);
    const answer = () =>
      demo.handle({
        method: request.method ?? "",
        path: request.url ?? "",
        body,
        header: (name) => request.headers[name]?.toString(),
      });
    if (fault === undefined) return send(response, await answer());
    await play(fault, {
      request,
      response,
      answer,
      hold,
      reset: () => reset(request),
      stopListening: () => server.close(),
    });
  }

  function hold(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.push(resolve);
    watch.changed();
    return promise;
  }

  function release(count = held.length): void {
    const released = held.slice(0, count);
    held = held.slice(count);
    for (const go of released) go();
  }

  /** Only the TCP socket below TLS can be reset. */
  function reset(request: IncomingMessage): void {
    for (const socket of sockets)
      if (socket.remotePort === request.socket.remotePort) socket.resetAndDestroy();
  }

  function createListener(): Server {
    const handler = (request: IncomingMessage, response: ServerResponse) => {
      // A client that went away in the middle of its request is no failure of the test.
      serve(request, response).catch(() => request.socket.destroy());
    };
    const created =
      tls === undefined
        ? createServer(patient, handler)
        : createTlsServer(
            {
              ...patient,
              ...tls,
              requestCert: tls.ca !== undefined,
              rejectUnauthorized: tls.ca !== undefined,
            },
            handler,
          );
    created.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    });
    return created;
  }

  let server = createListener();
  const port = await listen(server, options.port ?? 0);

  async function refuse(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    for (const socket of sockets) socket.resetAndDestroy();
    held = [];
    await closed.promise;
  }

  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    requests,
    get held() {
      return held.length;
    },
    waitForRequests: (count, path) => {
      const matching = () =>
        requests.filter((request) => path === undefined || request.path.split("?")[0] === path).length;
      const seen = () => `; ${matching()} came`;
      return watch.until(
        () => matching() >= count,
        `${count} requests to ${path ?? "the server"}`,
        undefined,
        seen,
      );
    },
    waitForGone: (count) => watch.until(() => gone >= count, `${count} clients to go away`),
    waitForHeld: (count) => watch.until(() => held.length >= count, `${count} held requests`),
    release,
    setFault: (...next) => {
      faults = next
        .filter((fault) => fault !== undefined)
        .map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
    },
    refuse,
    listenAgain: async () => {
      server = createListener();
      await listen(server, port);
    },
    points: (db) => canonicalPoints(demo.store, db),
    close: refuse,
  };
}

/** Everything that is stored in a database, as sorted canonical lines. */
export function canonicalPoints(store: PointStore, db: string): string[] {
  const lines: string[] = [];
  for (const measurement of store.measurements(db)) {
    for (const { tags, points } of store.series(db, measurement)) {
      for (const [timeNs, fields] of points) {
        const values = [...fields].map(([name, { type, value }]) => ({ name, type, text: textOf(value) }));
        lines.push(canonicalLine(measurement, tags, values, timeNs));
      }
    }
  }
  return lines.sort();
}

const textOf = (value: unknown) => (Object.is(value, -0) ? "-0" : String(value));

async function read(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function inflated(body: Uint8Array, encoding: string | undefined): Uint8Array {
  if (encoding !== "gzip") return body;
  try {
    return gunzipSync(body);
  } catch {
    return body;
  }
}

async function listen(server: Server, port: number): Promise<number> {
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(port, "127.0.0.1", listening.resolve);
  await listening.promise;
  return (server.address() as AddressInfo).port;
}
