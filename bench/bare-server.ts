/** Serves the bare app in a process of its own, on Node or on Deno, and prints its port. */

import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import app from "./bare.ts";

interface DenoServe {
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: typeof app.fetch,
  ): unknown;
}

const { Deno: deno } = globalThis as { readonly Deno?: DenoServe };
const listening = ({ port }: { readonly port: number }) => console.log(`port ${port}`);

if (deno === undefined) {
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, "127.0.0.1", () => listening(server.address() as AddressInfo));
} else {
  deno.serve({ hostname: "127.0.0.1", port: 0, onListen: listening }, app.fetch);
}
