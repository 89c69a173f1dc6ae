import { formatAddress } from "../../src/config/address.ts";
import type { AdminConfig } from "../../src/config/config.ts";
import { AdminClient, type AdminError } from "../../src/peers/admin-client.ts";
import type { LogSink, Platform } from "../../src/platform.ts";
import type { Output } from "./host.ts";
import { createLogWriter } from "./log-writer.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** A lease must be renewed while something else is waited for. */
const CONNECTIONS = 8;

/** A client of the admin listener that the config of a running relay names. */
export function connectAdmin(
  { bindAddr, token }: AdminConfig,
  platform: Pick<Platform, "openHttp">,
): { readonly client: AdminClient; close(): Promise<void> } {
  const { host, port } = bindAddr;
  const loopback = host === "::" ? "::1" : host === "" || host === "0.0.0.0" ? "127.0.0.1" : host;
  const address = formatAddress({ host: loopback, port });
  const http = platform.openHttp({
    origin: `http://${address}`,
    connections: CONNECTIONS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    tls: { skipVerification: false },
  });
  return { client: new AdminClient({ http, token, address }), close: () => http.close() };
}

/** What to do about a relay that does not do what it is asked; empty if its own words say it. */
export function adminAdvice({ status }: AdminError): string {
  if (status === undefined) return "start the relay, or name the config that it runs with";
  return status === 401 ? "the token of [admin] in the config is not that of the relay that runs" : "";
}

/** Where a command logs what goes wrong on the way. */
export function commandLog(stderr: Output["stderr"]): LogSink {
  return createLogWriter({
    level: "warn",
    format: process.stderr.isTTY ? "pretty" : "json",
    now: Date.now,
    write: (line) => void stderr.write(line),
  });
}
