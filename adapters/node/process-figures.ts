import { readdirSync, readFileSync } from "node:fs";
import type { ProcessFigures } from "../../src/platform.ts";
import { packageVersion } from "./version.ts";

/** What runs. Deno may not be allowed to read the version. */
export function buildOf(runtime: "node" | "deno"): { version: string; runtimeVersion: string } {
  return { version: quietly(packageVersion) ?? "", runtimeVersion: process.versions[runtime] ?? "" };
}

/** Files are counted where there is /proc and the runtime lets one read it. */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAtSeconds: performance.timeOrigin / 1_000,
    openFds: quietly(() => readdirSync("/proc/self/fd").length),
    maxFds: quietly(() => {
      const limits = readFileSync("/proc/self/limits", "utf8");
      const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? [];
      return soft === undefined ? undefined : Number(soft);
    }),
  };
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
