import * as v from "valibot";
import { RelayError } from "../errors.ts";

/** A request that is not understood. */
export class RequestError extends RelayError {
  constructor(message: string) {
    super("REQUEST", message);
  }
}

/** A command that cannot be carried out. */
export class CommandError extends RelayError {
  readonly reason: "unknown" | "conflict";

  constructor(reason: "unknown" | "conflict", message: string) {
    super("ADMIN_COMMAND", message);
    this.reason = reason;
  }
}

/** @throws {RequestError} */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new RequestError("the body is no JSON");
  }
}

/** @throws {RequestError} saying what is wrong where. */
export function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [{ message, path }] = result.issues;
  throw new RequestError(
    path === undefined ? message : `${path.map(({ key }) => key).join(".")}: ${message}`,
  );
}
