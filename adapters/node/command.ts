import { parse as parseToml } from "smol-toml";
import { describeConfig } from "../../src/config/describe.ts";
import { warnings } from "../../src/config/warnings.ts";
import { ConfigError, RelayError } from "../../src/errors.ts";
import { AdminError } from "../../src/peers/admin-client.ts";
import { ServerError } from "../../src/recovery/errors.ts";
import { adminAdvice, commandLog } from "./admin-connection.ts";
import { type Command, readArguments, UsageError } from "./arguments.ts";
import { isBackendAction } from "./backend-arguments.ts";
import { runBackendCommand } from "./backend-command.ts";
import { loadConfigFile } from "./config-file.ts";
import { runDoctorCommand } from "./doctor-command.ts";
import type { Host, Output } from "./host.ts";
import { checkCertificates } from "./listener-pem.ts";
import { isRecoveryAction } from "./recovery-arguments.ts";
import { runRecoveryCommand } from "./recovery-command.ts";
import { serve } from "./serve.ts";
import { runShardsCommand } from "./shards-command.ts";
import { runSpoolCommand } from "./spool-command.ts";
import { packageVersion } from "./version.ts";

/** Runs one command line to its end and returns the exit code. */
export async function runCommand(
  args: readonly string[],
  host: Host,
  output: Output = process,
): Promise<number> {
  try {
    const [word, ...rest] = args;
    if (isBackendAction(word)) return await runBackendCommand(word, rest, host, output);
    if (word === "doctor") return await runDoctorCommand(rest, host, output);
    if (word === "spool") return await runSpoolCommand(rest, host, output);
    if (isRecoveryAction(word)) return await runRecoveryCommand(word, rest, host, output);
    if (word === "shards") return await runShardsCommand(rest, host, output);
    return await run(readArguments(args), host, output);
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    const advice = adviceOf(error);
    output.stderr.write(`${error.message}${advice && `; ${advice}`}\n`);
    return error instanceof ConfigError || error instanceof UsageError ? 2 : 1;
  }
}

/** What to do about an error whose own words do not say it. */
function adviceOf(error: RelayError): string {
  if (error instanceof AdminError) return adminAdvice(error);
  return error instanceof ServerError && error.failure === "refused"
    ? "give its output the username and password of an admin"
    : "";
}

async function run(command: Command, host: Host, { stdout, stderr }: Output): Promise<number> {
  switch (command.kind) {
    case "help":
      stdout.write(command.text);
      return 0;
    case "version":
      stdout.write(`influxdb-relay ${packageVersion()}\n`);
      return 0;
    case "check": {
      const config = loadConfigFile(command.config, host.runtime);
      checkCertificates(config, host.http, host.platform(commandLog(stderr)));
      const [text, warned] = [describeConfig(config), warnings(config)];
      if (command.json) {
        stdout.write(`${JSON.stringify({ warnings: warned, config: parseToml(text) }, undefined, 2)}\n`);
        return 0;
      }
      stdout.write(text);
      for (const warning of warned) stderr.write(`warning: ${warning}\n`);
      return 0;
    }
    case "serve":
      return await serve(command.config, host);
  }
}
