import { RELAY_SOURCE } from "../support/relay-entry.ts";
import { startRelay } from "../support/relay-process.ts";
import type { Launcher } from "./launcher.ts";

/** Starts relays as processes, as people run them from a checkout. */
export function processLauncher(runtime: "node" | "deno"): Launcher {
  return {
    runtime,
    start: async (config, env = {}) => {
      const relay = await startRelay({
        config,
        env,
        runtime,
        ...(runtime === "node" && { entry: RELAY_SOURCE }),
      });
      return {
        url: relay.url("main"),
        log: () => relay.log,
        stop: relay.kill,
      };
    },
  };
}
