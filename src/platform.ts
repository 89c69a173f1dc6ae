/**
 * The ports: everything that the relay needs from the runtime it runs on. An adapter fills them in; nothing
 * else in `src/` touches a clock, a timer, a socket, a random number or the log.
 */

/** A pending timer of a {@link Clock}. */
export interface Timer {
  cancel(): void;
}

/** Time. Tests inject a virtual one, so no test needs to sleep. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. Metadata only: no wait is measured with it. */
  now(): number;
  /** Wall-clock time in nanoseconds since 1970, as fine as the runtime can tell. */
  nowNs(): bigint;
  /** Milliseconds of a clock that never jumps; the origin is arbitrary. */
  monotonic(): number;
  /** Calls `run` once after `ms` milliseconds (0 to 2^31 - 1). The timer alone does not keep the process alive. */
  after(ms: number, run: () => void): Timer;
}

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes one event as one line. Callers never pass secrets: see `observe/log.ts`. */
export type LogSink = (level: LogLevel, event: string, fields: LogFields) => void;

/** What one HTTP server answered. */
export interface HttpAnswer {
  readonly status: number;
  /** The first value of a response header, by lower-case name. */
  header(name: string): string | undefined;
  /** At most {@link HttpRequest.maxAnswerBytes} bytes of the body; the rest is not read. */
  readonly body: Uint8Array;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST";
  /** Path and query below the origin, already percent-encoded. */
  readonly path: string;
  /** The whole set of headers that goes out, beside Host and Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  /** Pieces go out one behind the other, as one body. */
  readonly body?: Uint8Array | readonly Uint8Array[];
  /** From the call to the last byte of the answer, waiting for a connection included, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

export interface HttpStreamRequest {
  readonly method: "GET" | "HEAD" | "POST";
  /** Path and query below the origin, already percent-encoded. */
  readonly path: string;
  /** The whole set of headers that goes out, beside Host and Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the call to the headers of the answer, waiting for a connection included, in milliseconds. */
  readonly timeoutMs: number;
  /** The longest wait for the next piece of the body while somebody wants it, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Gives up, also while the body comes. */
  readonly signal?: AbortSignal;
}

/** An answer whose body comes piece by piece. */
export interface HttpStream {
  readonly status: number;
  /** The first value of a response header, by lower-case name. */
  header(name: string): string | undefined;
  /** All response headers, as they came. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Fails with a TransportError when the answer breaks off. Cancelling it closes the connection. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Keep-alive connections to one HTTP server. */
export interface HttpClient {
  /**
   * Sends one request; redirects are answers, never followed.
   * @throws {TransportError} when there is no complete answer.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /**
   * The same for an answer that is too large to hold, or that goes on to somebody who waits for its first byte.
   * @throws {TransportError} when no answer begins.
   */
  stream(request: HttpStreamRequest): Promise<HttpStream>;
  /** Aborts what is in flight and closes the connections. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** `http://host:port` or `https://host:port`: no path, no user information. */
  readonly origin: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly tls: {
    readonly skipVerification: boolean;
    /** PEM text. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
}

/** Receives UDP datagrams. */
export interface DatagramListener {
  readonly port: number;
  /** Datagrams that the kernel dropped because the receive buffer was full; undefined where it does not tell. */
  kernelDrops(): number | undefined;
  close(): Promise<void>;
}

export interface DatagramListenerOptions {
  /** For messages. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Bytes asked of the kernel for the receive buffer; undefined leaves the runtime's default. */
  readonly receiveBufferBytes?: number;
  /** Other processes may listen on the same port; the kernel spreads the senders over them. */
  readonly reusePort: boolean;
  readonly onDatagram: (bytes: Uint8Array) => void;
  readonly onError: (error: Error) => void;
}

/** Sends UDP datagrams to one address. */
export interface DatagramSender {
  /** Resolves once the kernel took the datagram; rejects with the reason if it did not. */
  send(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** UDP, where the runtime has it. */
export interface Datagrams {
  listen(options: DatagramListenerOptions): Promise<DatagramListener>;
  connect(host: string, port: number): Promise<DatagramSender>;
}

/** A file of a spool. Offsets and sizes are bytes. Everything rejects with a SpoolError only. */
export interface SpoolFile {
  /** Writes behind the last byte. When it rejects, any part of it may be there. */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /** Fewer bytes only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  truncate(size: number): Promise<void>;
  /** Resolves when what was written survives a power cut. After a failure nothing is known of what was not synced before. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The files of one backend's spool. What is created, renamed and removed here survives a power cut after `sync`. */
export interface SpoolDirectory {
  /** In no particular order. */
  list(): Promise<readonly { readonly name: string; readonly size: number }[]>;
  /** Opens a file to read and append; one that is not there is made, readable by its owner only. */
  open(name: string): Promise<SpoolFile>;
  /** Replaces what has the new name. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  sync(): Promise<void>;
}

/** A directory with one directory a backend, locked for this process. */
export interface SpoolRoot {
  /**
   * How the last owner ended: `killed` without a word, but what it wrote is there; `lost` when the machine may have
   * lost what was not synced; `closed` (or there was none) when nothing is missing.
   */
  readonly lastEnd: "closed" | "killed" | "lost";
  /** Names of the directories in it. */
  list(): Promise<readonly string[]>;
  /** The directory of this name (any text), made if it is not there. */
  directory(name: string): Promise<SpoolDirectory>;
  /** Bytes that the disk has left; undefined where the runtime does not tell. */
  freeBytes(): Promise<number | undefined>;
  /** Gives the lock back. */
  close(): Promise<void>;
}

/** A process; what the runtime does not tell is undefined. */
export interface ProcessFigures {
  /** Of all its threads, in user and system mode, since the start. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Seconds since 1970. */
  readonly startedAtSeconds: number;
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
}

export interface Platform {
  readonly runtime: "node" | "deno" | "workers";
  readonly clock: Clock;
  /** A number in [0, 1); used for jitter and ids, never for secrets. */
  random(): number;
  /** Calls `run` at the end of the current turn of the event loop, after what is already readable was read. */
  defer(run: () => void): void;
  readonly log: LogSink;
  /** @throws {RelayError} if certificates or the key cannot be used. */
  openHttp(options: HttpClientOptions): HttpClient;
  readonly datagrams?: Datagrams;
  /**
   * Opens the directory of spools at `path`, made if it is not there; absent where there are no files.
   * @throws {SpoolError} `locked` when another process has it.
   */
  openSpool?(path: string): Promise<SpoolRoot>;
  /**
   * Reads a small text file whole, as a certificate; absent where there are no files.
   * @throws {RelayError} if it cannot.
   */
  readText?(path: string): string;
  /**
   * Inflates a gzip body of one or more members.
   * @throws {GunzipError} when the data is damaged (with influxd's words) or inflates beyond `maxBytes`.
   */
  gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> | Uint8Array;
  gzip(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** What runs, for whoever watches it. */
  readonly build?: { readonly version: string; readonly runtimeVersion: string };
  /** What the runtime tells of the process; absent where there is none. */
  processFigures?(): ProcessFigures;
}
