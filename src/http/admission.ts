import { errorReply } from "../write/reply.ts";
import type { Credentials, Reply } from "../writer.ts";
import { createAuthenticator } from "./authenticator.ts";
import { credentialsToPassOn, proofsOf } from "./credentials.ts";
import type { AppListener } from "./listener.ts";
import type { Parameters } from "./parameters.ts";

/** A request is let in with the credentials to pass on, or gets the refusal. */
export type Admission =
  | { readonly refusal: undefined; readonly credentials: Credentials | undefined }
  | { readonly refusal: Reply };

/** Decides who may use a listener. Not a promise where the backends decide: that is the usual, and hot, case. */
export type Admit = (
  parameters: Parameters,
  authorization: string | undefined,
) => Admission | Promise<Admission>;

/** Credentials that a listener with `auth` has checked were meant for it, and are not passed on. */
const ADMITTED: Admission = { refusal: undefined, credentials: undefined };

export function createAdmission(listener: AppListener): Admit {
  const { auth } = listener.config;
  if (auth.length === 0) {
    return (parameters, authorization) => ({
      refusal: undefined,
      credentials: credentialsToPassOn(parameters, authorization),
    });
  }
  const authenticate = createAuthenticator(auth);
  return async (parameters, authorization) => {
    const proofs = proofsOf(parameters, authorization);
    if (await authenticate(proofs)) return ADMITTED;
    const reason =
      proofs.length === 0 ? "unable to parse authentication credentials" : "authorization failed";
    listener.counters.unauthorized++;
    listener.log.throttled("warn", "unauthorized", { listener: listener.config.name, reason });
    return { refusal: unauthorized(reason) };
  };
}

/** As InfluxDB: a challenge, and no X-Influxdb-Error. */
function unauthorized(message: string): Reply {
  return { ...errorReply(401, message), influxError: undefined, authenticate: 'Basic realm="InfluxDB"' };
}
