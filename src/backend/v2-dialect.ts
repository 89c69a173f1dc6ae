import type { OutputConfig, V2Config } from "../config/config.ts";
import { errorReply } from "../write/reply.ts";
import { rescale } from "../write/rescale.ts";
import { type Credentials, type Destination, REMOTE_WRITE } from "../writer.ts";
import type { Dialect } from "./dialect.ts";
import { v2Answered } from "./v2-answer.ts";

/**
 * What a precision of 1.x is in 2.x, which knows ns, us, ms and s (its API, `precision` of POST /api/v2/write), and by how
 * much timestamps are multiplied so that they mean the same: exact, as minutes and hours are whole seconds.
 * Others are refused, in the words of InfluxDB 1.8: 1.7 takes `us` for nanoseconds, and 2.x for microseconds.
 */
export const V2_PRECISIONS: ReadonlyMap<string, { readonly unit: string; readonly factor: bigint }> = new Map(
  [
    ["", { unit: "ns", factor: 1n }],
    ["n", { unit: "ns", factor: 1n }],
    ["ns", { unit: "ns", factor: 1n }],
    ["u", { unit: "us", factor: 1n }],
    ["ms", { unit: "ms", factor: 1n }],
    ["s", { unit: "s", factor: 1n }],
    ["m", { unit: "s", factor: 60n }],
    ["h", { unit: "s", factor: 3_600n }],
  ],
);

/** What InfluxDB calls a database's first policy, and 2.x the policy of a bucket whose name does not tell. */
export const DEFAULT_POLICY = "autogen";

const UNTRANSLATED = errorReply(400, 'remote write has no form for an output of kind "v2"');

/** InfluxDB 2.x and what takes its writes. */
export function createV2Dialect({ writePath }: OutputConfig, v2: V2Config): Dialect {
  return {
    hasInfluxql: false,
    refusesWhole: true,
    refusal({ precision }) {
      if (precision === REMOTE_WRITE) return UNTRANSLATED;
      if (V2_PRECISIONS.has(precision)) return undefined;
      const quoted = JSON.stringify(precision);
      return errorReply(400, `invalid precision ${quoted} (use n, u, ms, s, m or h)`);
    },
    path: (destination) => writePath + v2Query(v2, destination),
    body(pieces, { precision }) {
      const { factor } = V2_PRECISIONS.get(precision) as { factor: bigint };
      return factor === 1n ? pieces : pieces.map((piece) => rescale(piece, factor));
    },
    authorization: v2Authorization,
    answered: v2Answered,
  };
}

/** The bucket that the points of a database and policy go to. */
export function bucketName({ bucket }: V2Config, db: string, rp: string): string {
  const names: Readonly<Record<string, string>> = { "{db}": db, "{rp}": rp === "" ? DEFAULT_POLICY : rp };
  return bucket.replace(/\{(?:db|rp)\}/g, (word) => names[word] as string);
}

/** `db` is for VictoriaMetrics, which makes a label of it and knows no buckets. InfluxDB 2.x does not read it. */
function v2Query(v2: V2Config, { db, rp, precision }: Destination): string {
  const { unit = "ns" } = V2_PRECISIONS.get(precision) ?? {};
  const parameters = { org: v2.org, bucket: bucketName(v2, db, rp), precision: unit, db };
  return `?${Object.entries(parameters)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join("&")}`;
}

/** A password in the form that 2.x takes from clients of 1.x, `Token user:password`; a token as it came. */
export function v2Authorization({ authorization }: Credentials): string {
  const [, encoded] = /^basic (.+)$/i.exec(authorization) ?? [];
  if (encoded === undefined) return authorization;
  try {
    const pair = atob(encoded);
    // What no header can carry stays packed.
    return /[\x00-\x1f\x7f]/.test(pair) ? authorization : `Token ${pair}`;
  } catch {
    return authorization;
  }
}
