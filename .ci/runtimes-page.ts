// Writes docs/runtimes.md from the table that the relay checks configs with.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CAPABILITIES, type Capability, RUNTIMES } from "../src/config/capabilities.ts";

export const PAGE = fileURLToPath(new URL("../docs/runtimes.md", import.meta.url));
export const COMMAND = "npx node .ci/runtimes-page.ts";

/** The text of the page. */
export function runtimesPage(): string {
  const rows = Object.entries(CAPABILITIES).map(([capability, about]) => {
    const cells = [RUNTIMES.node, RUNTIMES.deno, RUNTIMES.workers].map((lacks) => {
      const reason = lacks[capability as Capability];
      return reason === undefined ? "yes" : `no: ${reason}`;
    });
    return `| ${[about, ...cells].join(" | ")} |`;
  });
  return `<!-- Made by "${COMMAND}" from src/config/capabilities.ts. -->
# What each runtime can do

Taking writes over HTTP, with everything that is said about them in [Reliability](reliability.md) and not in this table, is the same code
everywhere, and one test suite (\`test/conformance/\`) runs against all three.

A config that uses an option for what its runtime cannot do is refused at the start, with the reason. An option is used when its value
is another one than the default.

| | Node | Deno | Cloudflare Workers |
|---|---|---|---|
${rows.join("\n")}

How to run it on each: [Node](deploy-node.md), [Deno](deploy-deno.md), [Cloudflare Workers](deploy-workers.md).
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, runtimesPage());
