import { RelayError } from "../errors.ts";

/** An answer of InfluxDB that cannot be understood. */
export class AnswerError extends RelayError {
  constructor(message: string) {
    super("ANSWER", message);
  }
}

/**
 * Why a server could not do what it was asked for. `refused`: credentials or privileges. `query`: it understood and
 * says no. `unavailable`: it gives no answer, or none that is worth anything, for now.
 */
export type ServerFailure = "refused" | "query" | "unavailable";

/** One of the two servers of a recovery failed. */
export class ServerError extends RelayError {
  /** The name of the output. */
  readonly server: string;
  readonly failure: ServerFailure;
  /** InfluxDB's own words, or what happened to the connection. */
  readonly words: string;

  constructor(server: string, failure: ServerFailure, words: string, options?: ErrorOptions) {
    super("SERVER", `${server}: ${words}`, options);
    this.server = server;
    this.failure = failure;
    this.words = words;
  }
}

/** A recovery that cannot go on, or was ended. What was done stays done; the next one continues. */
export class RecoveryError extends RelayError {
  constructor(code: "ABORTED" | "NO_SOURCE" | "STATE", message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
