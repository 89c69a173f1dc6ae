import type { OutputConfig } from "../config/config.ts";
import type { HttpAnswer } from "../platform.ts";
import { type Credentials, type Destination, REMOTE_WRITE, type Reply } from "../writer.ts";
import { basePath } from "./http-options.ts";
import { answered } from "./outcome.ts";

/** How one kind of server is written to. */
export interface Dialect {
  /** False if it executes no InfluxQL. */
  readonly hasInfluxql: boolean;
  /** True if one line that it cannot read costs the others of a body, too. */
  readonly refusesWhole: boolean;
  /** The answer to a write that cannot be put into its words; undefined if it can. */
  refusal(destination: Destination): Reply | undefined;
  /** Path and query of a write. */
  path(destination: Destination): string;
  /** The body as it has to go out. */
  body(pieces: readonly Uint8Array[], destination: Destination): readonly Uint8Array[];
  /** A client's credentials, as the value of an Authorization header. */
  authorization(credentials: Credentials): string;
  answered(answer: HttpAnswer): Reply;
}

/** InfluxDB 1.x: everything goes on as clients sent it. */
export function createV1Dialect(output: OutputConfig): Dialect {
  return {
    hasInfluxql: true,
    refusesWhole: false,
    refusal: () => undefined,
    path: (destination) =>
      destination.precision === REMOTE_WRITE
        ? `${basePath(output)}/api/v1/prom/write${writeQuery({ ...destination, precision: "" })}`
        : output.writePath + writeQuery(destination),
    body: (pieces) => pieces,
    authorization: ({ authorization }) => authorization,
    answered,
  };
}

function writeQuery({ db, rp, precision }: Destination): string {
  let query = `?db=${encodeURIComponent(db)}`;
  if (rp !== "") query += `&rp=${encodeURIComponent(rp)}`;
  if (precision !== "") query += `&precision=${encodeURIComponent(precision)}`;
  return query;
}
