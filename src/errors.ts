/** The relay's errors: one base class, a stable code each. Code decides by class, never by message. */
export class RelayError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** One thing that is wrong with a config. */
export interface ConfigProblem {
  /** Where, as `http[0].output[1].timeout`; empty for the file as a whole. */
  readonly path: string;
  /** What was found and what is allowed, in one sentence without secrets. */
  readonly message: string;
}

/** The config cannot be used. Carries every problem found, not just the first. */
export class ConfigError extends RelayError {
  readonly problems: readonly ConfigProblem[];

  constructor(source: string, problems: readonly ConfigProblem[]) {
    super(
      "CONFIG",
      problems
        .map(({ path, message }) => `${source}: ${path === "" ? "" : `${path}: `}${message}`)
        .join("\n"),
    );
    this.problems = problems;
  }
}

/** How a request to a backend failed before a complete answer came. */
export type TransportFailure = "refused" | "reset" | "timeout" | "tls" | "dns" | "closed" | "protocol";

/** A request that got no complete HTTP answer. The message names no URL and no credential. */
export class TransportError extends RelayError {
  readonly failure: TransportFailure;
  /** True when the server may have acted on the request although it did not answer. */
  readonly unknownOutcome: boolean;

  constructor(failure: TransportFailure, unknownOutcome: boolean, message: string, options?: ErrorOptions) {
    super("TRANSPORT", message, options);
    this.failure = failure;
    this.unknownOutcome = unknownOutcome;
  }
}

/** A gzip body that cannot be inflated: damaged, or larger than allowed. */
export class GunzipError extends RelayError {
  readonly tooLarge: boolean;

  constructor(message: string, tooLarge: boolean) {
    super("GUNZIP", message);
    this.tooLarge = tooLarge;
  }
}

/** A request body that cannot be read. */
export class BodyError extends RelayError {
  readonly reason: "too-large" | "aborted";

  constructor(reason: "too-large" | "aborted") {
    super("BODY", reason === "too-large" ? "Request Entity Too Large" : "the client went away");
    this.reason = reason;
  }
}

/** A listener whose address cannot be bound. */
export class BindError extends RelayError {
  constructor(listener: string, address: string, options: ErrorOptions) {
    const cause = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super("BIND", `${listener} cannot listen on ${address}: ${cause}`, options);
  }
}

/** What went wrong with the files of a spool. */
export type SpoolFailure = "full" | "io" | "locked" | "version" | "busy" | "closed";

/** The spool could not do what it was asked for. */
export class SpoolError extends RelayError {
  /** `full`: no room on the disk. `version`: written by a newer relay. `busy`: more waits to be stored than may. */
  readonly failure: SpoolFailure;

  constructor(failure: SpoolFailure, message: string, options?: ErrorOptions) {
    super("SPOOL", message, options);
    this.failure = failure;
  }
}
