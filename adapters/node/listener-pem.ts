import { readFileSync } from "node:fs";
import type { Config, HttpListenerConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors.ts";
import type { Platform } from "../../src/platform.ts";
import { checkTlsFiles } from "../../src/relay/tls-files.ts";
import type { HttpServer } from "./host.ts";

/** The text of `ssl-combined-pem`; undefined for plain HTTP. @throws {ConfigError} when it cannot be read. */
export function readListenerPem({ name, sslCombinedPem: path }: HttpListenerConfig): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`[[http]] ${name}`, [
      { path: "ssl-combined-pem", message: `cannot be read: ${reason}` },
    ]);
  }
}

/** @throws {ConfigError} when a listener could not serve with the certificate that the config names. */
export function checkListenerPems({ http }: Config, server: Pick<HttpServer, "checkTls">): void {
  for (const listener of http) {
    const pem = readListenerPem(listener);
    if (pem !== undefined) server.checkTls(`[[http]] ${listener.name}`, pem);
  }
}

/** What a start would refuse besides the text of the config. @throws {ConfigError} */
export function checkCertificates(
  config: Config,
  server: Pick<HttpServer, "checkTls">,
  platform: Pick<Platform, "openHttp" | "readText">,
): void {
  checkListenerPems(config, server);
  checkTlsFiles(config, platform);
}
