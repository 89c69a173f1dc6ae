/** The relay as a command on Deno. */
import process from "node:process";
import { startHttpListener } from "./deno/http-listener.ts";
import { denoPlatform } from "./deno/platform.ts";
import { clientAddress, readBody } from "./deno/request-body.ts";
import { runCommand } from "./node/command.ts";

// `deno task start -- --config FILE` hands the `--` on.
const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;

process.exitCode = await runCommand(args, {
  runtime: "deno",
  platform: denoPlatform,
  http: { start: startHttpListener, readBody, clientAddress },
});
