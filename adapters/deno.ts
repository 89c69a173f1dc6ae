/** The relay as a command on Deno. */

import { startHttpListener } from "./deno/http-listener.ts";
import { checkTls } from "./deno/pem.ts";
import { denoPlatform } from "./deno/platform.ts";
import { clientAddress, readBody } from "./deno/request-body.ts";
import { stream } from "./deno/response-stream.ts";
import { runCommand } from "./node/command.ts";

// `deno task start -- --config FILE` hands the `--` on.
const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;

const code = await runCommand(args, {
  runtime: "deno",
  platform: denoPlatform,
  http: { start: startHttpListener, readBody, clientAddress, stream, checkTls },
});

// A connection that its client holds open would keep the process alive. What was printed is out: Deno writes at once.
Deno.exit(code);
