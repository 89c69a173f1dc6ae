import { startRelay } from "../support/relay-process.ts";
import type { Launcher } from "./launcher.ts";

/** Starts relays as processes, as people run them. */
export function processLauncher(runtime: "node" | "deno"): Launcher {
  return {
    runtime,
    start: async (config, env = {}) => {
      const relay = await startRelay({ config, env, runtime });
      return {
        url: relay.url("main"),
        log: () => relay.log,
        stop: relay.kill,
      };
    },
  };
}
