import type { Status } from "../../src/observe/status-schema.ts";
import type { AdminClient } from "../../src/peers/admin-client.ts";
import { commandLog, connectAdmin } from "./admin-connection.ts";
import { UsageError } from "./arguments.ts";
import { type BackendAction, type BackendRequest, readBackendArguments } from "./backend-arguments.ts";
import { loadConfigFile } from "./config-file.ts";
import type { Host, Output } from "./host.ts";
import { statusText } from "./status-table.ts";

const EXIT_NOT_IN_SYNC = 1;

/** Runs `status`, `drain NAME` or `resume NAME` and returns the exit code. Rejects with a RelayError. */
export async function runBackendCommand(
  action: BackendAction,
  args: readonly string[],
  host: Pick<Host, "runtime" | "platform">,
  { stdout, stderr }: Output,
): Promise<number> {
  const request = readBackendArguments(action, args);
  if (request.action === "help") {
    stdout.write(request.text);
    return 0;
  }
  const { admin } = loadConfigFile(request.config, host.runtime);
  if (admin === undefined) {
    throw new UsageError("the config has no [admin], so the relay takes no commands: add one and restart it");
  }
  const { client, close } = connectAdmin(admin, host.platform(commandLog(stderr)));
  try {
    return await run(request, client, stdout);
  } finally {
    await close();
  }
}

async function run(
  request: Exclude<BackendRequest, { action: "help" }>,
  client: AdminClient,
  stdout: Output["stdout"],
): Promise<number> {
  const print = (json: object, text: string) =>
    stdout.write(request.json ? `${JSON.stringify(json, undefined, 2)}\n` : text);
  if (request.action === "status") {
    const status = await client.ask<Status>("GET", "/status");
    print(status, statusText(status, request.config));
    return status.backends.every(({ inSync }) => inSync) ? 0 : EXIT_NOT_IN_SYNC;
  }
  const { action, backend } = request;
  await client.ask("POST", `/backends/${encodeURIComponent(backend)}/${action}`, {});
  const text =
    action === "drain"
      ? `${JSON.stringify(backend)} gets no queries any more, and still every write\n`
      : `${JSON.stringify(backend)} gets queries as soon as it is in sync\n`;
  print({ backend, drained: action === "drain" }, text);
  return 0;
}
