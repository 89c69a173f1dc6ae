import type { OutputConfig } from "../config/config.ts";
import { RelayError } from "../errors.ts";
import type { HttpClientOptions, Platform } from "../platform.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/** How an output wants to be reached. */
export function httpOptions(
  output: OutputConfig,
  connections: number,
  platform: Pick<Platform, "readText">,
): HttpClientOptions {
  return {
    origin: output.origin,
    connections,
    connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, output.timeoutMs),
    tls: {
      skipVerification: output.skipTlsVerification,
      ...pem("ca", output.ca, platform),
      ...pem("cert", output.cert, platform),
      ...pem("key", output.key, platform),
    },
  };
}

/** What the paths of an output's endpoints begin with. */
export function basePath({ writePath }: OutputConfig): string {
  return writePath.replace(/(?:\/api\/v2)?\/write$/, "");
}

function pem(
  name: "ca" | "cert" | "key",
  path: string | undefined,
  { readText }: Pick<Platform, "readText">,
) {
  if (path === undefined) return {};
  if (readText === undefined)
    throw new RelayError("NO_FILES", `${name} = "${path}": this runtime has no files`);
  return { [name]: readText(path) };
}
