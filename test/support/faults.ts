import type { IncomingMessage, ServerResponse } from "node:http";
import type { DemoAnswer } from "../../src/demo/influxdb.ts";

/** What goes wrong with a request. Where nothing else is said, the server has done what it was asked to. */
export type Fault = FaultKind & {
  /** The fault ends after so many requests; without it, it stays until it is taken away. */
  readonly times?: number;
  /** Only requests to this path, as `/write`. */
  readonly path?: string;
};

export type FaultKind =
  /** Answers when the test calls `release`; `store` says whether the data goes in before or after that. */
  | { readonly kind: "hold"; readonly store: "before" | "after" }
  /** Takes the request, does nothing and never answers. */
  | { readonly kind: "hang" }
  /** Resets the connection before it reads the body, or after it has done the work. */
  | { readonly kind: "reset"; readonly when: "before-reading" | "after-storing" }
  /** Does nothing and answers this. A redirect is a status with `headers: { location }`. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** A status 500 that promises a body longer than what comes before the connection closes. */
  | { readonly kind: "truncated" }
  /** The true status and headers with so many bytes of the body; when the test releases it, a reset. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** A status with a body that never ends. */
  | { readonly kind: "endless-body"; readonly status: number }
  /** The true answer, a byte at a time with so many milliseconds between two. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** An informational answer, as 103, before the true one. */
  | { readonly kind: "informational"; readonly status: number }
  /** The true status with a header line that is none. */
  | { readonly kind: "invalid-header" }
  /** The true answer; by then the server no longer listens, and the connection closes after it. */
  | { readonly kind: "answer-then-die" };

/** What a fault may do to the server and to the request that it has hit. */
export interface FaultContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Does what was asked. */
  answer(): Promise<DemoAnswer>;
  /** Resolves when the test releases the request. */
  hold(): Promise<void>;
  reset(): void;
  stopListening(): void;
}

export async function play(fault: FaultKind, context: FaultContext): Promise<void> {
  const { request, response } = context;
  const { socket } = request;
  switch (fault.kind) {
    case "hold": {
      const early = fault.store === "before" ? await context.answer() : undefined;
      await context.hold();
      return send(response, early ?? (await context.answer()));
    }
    case "hang":
      return;
    case "reset":
      if (fault.when === "after-storing") await context.answer();
      return context.reset();
    case "status":
      return send(response, {
        status: fault.status,
        headers: fault.headers ?? {},
        body: new TextEncoder().encode(fault.body ?? ""),
      });
    case "truncated":
      await context.answer();
      socket.end('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 1000\r\n\r\n{"error":"tim');
      return;
    case "cut":
      return cut(context, await context.answer(), fault.afterBytes);
    case "endless-body":
      return endless(response, fault.status);
    case "drip":
      return drip(response, await context.answer(), fault.everyMs);
    case "informational":
      socket.write(`HTTP/1.1 ${fault.status} Informational\r\n\r\n`);
      return send(response, await context.answer());
    case "invalid-header":
      socket.end(`${head(await context.answer())}this is no header\r\n\r\n`);
      return;
    case "answer-then-die":
      context.stopListening();
      socket.end(raw(await context.answer()));
      return;
  }
}

export function send(response: ServerResponse, answer: DemoAnswer): void {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

/** Chunked, as InfluxDB's answers to queries, whose length nobody knows. */
async function cut(context: FaultContext, answer: DemoAnswer, afterBytes: number): Promise<void> {
  const { response } = context;
  response.writeHead(answer.status, answer.headers);
  response.flushHeaders();
  response.write(answer.body.subarray(0, afterBytes));
  await context.hold();
  context.reset();
}

function endless(response: ServerResponse, status: number): void {
  const chunk = new Uint8Array(16 * 1024).fill(120);
  const more = () => {
    while (!response.destroyed) if (!response.write(chunk)) return;
  };
  response.writeHead(status, { "Content-Type": "text/plain" });
  response.on("drain", more);
  more();
}

function drip(response: ServerResponse, answer: DemoAnswer, everyMs: number): void {
  const socket = response.socket;
  const bytes = raw(answer);
  let at = 0;
  const next = () => {
    if (socket === null || socket.destroyed) return;
    socket.write(bytes.subarray(at, ++at));
    if (at < bytes.length) setTimeout(next, everyMs).unref();
    else socket.end();
  };
  next();
}

function raw(answer: DemoAnswer): Uint8Array {
  const length = answer.status === 204 ? "" : `Content-Length: ${answer.body.length}\r\n`;
  return Buffer.concat([Buffer.from(`${head(answer)}${length}Connection: close\r\n\r\n`), answer.body]);
}

function head(answer: DemoAnswer): string {
  const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${answer.status} Status\r\n${lines.join("")}`;
}
