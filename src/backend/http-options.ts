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
    tls: { skipVerification: output.skipTlsVerification, ...readTlsFiles(output, platform) },
  };
}

/** What the paths of an output's endpoints begin with. */
export function basePath({ writePath }: OutputConfig): string {
  return writePath.replace(/(?:\/api\/v2)?\/write$/, "");
}

/** Paths of PEM files. */
export type TlsFiles = { readonly [Name in "ca" | "cert" | "key"]?: string | undefined };

/**
 * What is in the files.
 * @throws {RelayError} if one cannot be read.
 */
export function readTlsFiles(
  paths: TlsFiles,
  { readText }: Pick<Platform, "readText">,
): { ca?: string; cert?: string; key?: string } {
  const found: { ca?: string; cert?: string; key?: string } = {};
  for (const name of ["ca", "cert", "key"] as const) {
    const path = paths[name];
    if (path === undefined) continue;
    if (readText === undefined) throw new RelayError("NO_FILES", `${path}: this runtime has no files`);
    found[name] = readText(path);
  }
  return found;
}
