import type { BackendClient } from "../backend/client.ts";
import { bucketName } from "../backend/v2-dialect.ts";
import type { OutputConfig, V2Config } from "../config/config.ts";
import type { Reply } from "../writer.ts";
import { type Finding, some } from "./finding.ts";

/** Databases whose buckets are asked about. */
const MAX_DATABASES = 1_000;
const NO_LINE = [new Uint8Array(0)];

type Lack = "token" | "permission" | "organization" | "bucket" | "endpoint" | "answer";
type Found = Omit<Finding, "subject">;

/**
 * Whether a server of the 2.x kind would take the output's writes. It is asked by writes without a line, which store
 * nothing and need no other permission than that to write. InfluxDB 2.x looks at token, organization, bucket and
 * permission in this order, and only then answers 400 because there is no line (http/write_handler.go of 2.x). InfluxDB
 * 1.8 and VictoriaMetrics, which have no other endpoint that could tell, take it.
 * @param databases whose buckets it should have, as far as they are known.
 */
export async function checkV2Writes(
  output: OutputConfig,
  v2: V2Config,
  client: BackendClient,
  databases: readonly string[],
): Promise<Found[]> {
  const isFixed = bucketName(v2, "", "") === v2.bucket;
  // Where no bucket is known any tells about token and organization.
  const asked = isFixed || databases.length === 0 ? [""] : databases.slice(0, MAX_DATABASES);
  const lacking: Record<"permission" | "bucket", string[]> = { permission: [], bucket: [] };
  for (const db of asked) {
    const destination = { db, rp: "", precision: "", credentials: undefined };
    const { reply } = await client.write(destination, NO_LINE);
    const lack = lackOf(reply);
    if (lack === "permission" || lack === "bucket")
      lacking[lack].push(JSON.stringify(bucketName(v2, db, "")));
    else if (lack !== undefined) return [refused(lack, reply, output, v2)];
  }
  if (!isFixed && databases.length === 0) {
    return [{ level: "ok", check: "credentials", message: "knows the output's token and organization" }];
  }
  const found = bucketFindings(lacking, v2);
  return found.length > 0 ? found : [{ level: "ok", check: "bucket", message: "takes the output's writes" }];
}

/** What is in the way of a write without a line; undefined if nothing is. */
function lackOf({ kind, status, influxError = "" }: Reply): Lack | undefined {
  if (kind === "stored" || kind === "rejected") return undefined;
  if (status === 401) return "token";
  if (status === 403) return "permission";
  if (status !== 404) return "answer";
  // The code of all of them is `not found`. InfluxDB 1.8 speaks of databases.
  if (/^organization/.test(influxError)) return "organization";
  return /^(?:bucket|database|retention policy)/.test(influxError) ? "bucket" : "endpoint";
}

function refused(
  lack: Exclude<Lack, "permission" | "bucket">,
  { status, influxError }: Reply,
  output: OutputConfig,
  { org }: V2Config,
): Found {
  const problem = (check: Finding["check"], message: string, fix: string): Found => {
    return { level: "problem", check, message, fix };
  };
  switch (lack) {
    case "token":
      if (output.authorization !== undefined) {
        const fix = "correct the token of the output; a token that may only write is enough";
        return problem("credentials", `refuses that of the output (${status})`, fix);
      }
      return {
        ...{ level: "warning", check: "credentials", message: "wants a token, and the output has none" },
        fix: "clients' own are passed on; with a token of the output it can be found out whether its buckets are there",
      };
    case "organization":
      return problem("bucket", `has no organization ${JSON.stringify(org)}`, "correct org of the output");
    case "endpoint":
      return problem(
        "bucket",
        `has no ${output.writePath} (${status})`,
        "the location must be that of a server that takes writes by the API of 2.x",
      );
    case "answer": {
      const what = status === 0 ? `no answer: ${influxError}` : String(status);
      return problem(
        "bucket",
        `does not take a write without a line (${what})`,
        "look into the server's log",
      );
    }
  }
}

function bucketFindings(lacking: { permission: string[]; bucket: string[] }, { bucket }: V2Config): Found[] {
  const found: Found[] = [];
  if (lacking.permission.length > 0) {
    const message = `the output's token may not write to ${some(lacking.permission)} (403)`;
    const fix = "give it the permission to write there; writes are held until then";
    found.push({ level: "problem", check: "credentials", message, fix });
  }
  if (lacking.bucket.length > 0) {
    const fix = `create what is missing, or correct bucket = ${JSON.stringify(bucket)} of the output; writes are held until then`;
    found.push({ level: "problem", check: "bucket", message: `lacks bucket ${some(lacking.bucket)}`, fix });
  }
  return found;
}
