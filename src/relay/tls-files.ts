import { readTlsFiles, type TlsFiles } from "../backend/http-options.ts";
import type { Config } from "../config/config.ts";
import { ConfigError, RelayError } from "../errors.ts";
import type { Platform } from "../platform.ts";

type Ports = Pick<Platform, "openHttp" | "readText">;

/**
 * Reads the certificates that outputs and peers are reached with, so that it is known before anything changes if one is
 * of no use.
 * @throws {ConfigError}
 */
export function checkTlsFiles({ http, admin }: Config, ports: Ports): void {
  for (const listener of http) {
    for (const { name, ca, cert, key } of listener.outputs) {
      const where = `[[http]] ${listener.name}, output ${name}`;
      check(where, "ca", { ca }, ports);
      check(where, "cert and key", { cert, key }, ports);
    }
  }
  check("[admin]", "peer-ca", { ca: admin?.peerCa }, ports);
}

function check(where: string, path: string, files: TlsFiles, ports: Ports): void {
  if (Object.values(files).every((file) => file === undefined)) return;
  try {
    const tls = { skipVerification: false, ...readTlsFiles(files, ports) };
    // Nothing is connected before something is sent.
    const client = ports.openHttp({ origin: "https://127.0.0.1", connections: 1, connectTimeoutMs: 1, tls });
    void client.close();
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    throw new ConfigError(where, [{ path, message: error.message }]);
  }
}
