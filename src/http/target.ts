import { errorReply } from "../write/reply.ts";
import { REMOTE_WRITE, type Reply } from "../writer.ts";
import { goQuote } from "./go-quote.ts";
import type { Parameters } from "./parameters.ts";

/** What a request's parameters say about where its lines go. */
export interface Target {
  readonly db: string;
  /** Empty if the request names none. */
  readonly rp: string;
  readonly precision: string;
}

/** Reads a target, or refuses with the words of InfluxDB 1.8. */
export type TargetOf = (parameters: Parameters) => Target | { readonly refusal: Reply };

/** `POST /write`. An unknown precision is the backend's to judge: 1.6 takes it for nanoseconds, 1.8 refuses it. */
export const targetOfV1: TargetOf = (parameters) => {
  const db = parameters.get("db") ?? "";
  if (db === "") return { refusal: errorReply(400, "database is required") };
  const precision = parameters.get("precision") ?? "";
  return { db, rp: parameters.get("rp") ?? "", precision: precision === REMOTE_WRITE ? "?" : precision };
};

/** `POST /api/v1/prom/write`: what it writes has no precision. */
export const targetOfRemoteWrite: TargetOf = (parameters) => {
  const target = targetOfV1(parameters);
  return "refusal" in target ? target : { ...target, precision: REMOTE_WRITE };
};

/** The precisions of the 2.x API by 1.x names. */
const V2_PRECISIONS: ReadonlyMap<string, string> = new Map([
  ["", ""],
  ["ns", "n"],
  ["us", "u"],
  ["ms", "ms"],
  ["s", "s"],
]);

/** `POST /api/v2/write`, as 1.8 maps it: a bucket is `database/retention-policy`, or a database. */
export const targetOfV2: TargetOf = (parameters) => {
  const asked = parameters.get("precision") ?? "";
  const precision = V2_PRECISIONS.get(asked);
  if (precision === undefined) {
    return { refusal: errorReply(400, `invalid precision ${goQuote(asked)} (use ns, us, ms or s)`) };
  }
  const bucket = parameters.get("bucket") ?? "";
  const slash = bucket.indexOf("/");
  if (bucket === "") {
    const form = 'is missing a slash; not in "database/retention-policy" format';
    return { refusal: errorReply(404, `bucket name ${goQuote(bucket)} ${form}`) };
  }
  if (slash === 0) {
    const form = "is in db/rp form but has an empty database";
    return { refusal: errorReply(404, `bucket name ${goQuote(bucket)} ${form}`) };
  }
  if (slash === -1) return { db: bucket, rp: "", precision };
  return { db: bucket.slice(0, slash), rp: bucket.slice(slash + 1), precision };
};
