#!/usr/bin/env node
/** The relay as a command on Node. */
import { combinedPem } from "./node/combined-pem.ts";
import { runCommand } from "./node/command.ts";
import { startHttpListener } from "./node/http-listener.ts";
import { nodePlatform } from "./node/platform.ts";
import { clientAddress, readBody } from "./node/request-body.ts";
import { stream } from "./node/response-stream.ts";
import { nodeComplaint } from "./node/version.ts";

const complaint = nodeComplaint(process.versions.node);
if (complaint !== undefined) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}

process.exitCode = await runCommand(process.argv.slice(2), {
  runtime: "node",
  platform: nodePlatform,
  http: { start: startHttpListener, readBody, clientAddress, stream, checkTls: combinedPem },
});
