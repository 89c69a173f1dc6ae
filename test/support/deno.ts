import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The flags of deno.json's task `start`. */
export const DENO_RUN = [
  "run",
  "--no-prompt",
  "--cached-only",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
];

/**
 * The Deno binary that npm installed, else the one on the PATH. Not node_modules/.bin/deno: that starts the binary as
 * a child, which outlives it when it is killed.
 */
export function denoBinary(): string {
  const { platform, arch } = process;
  const system = platform === "linux" ? `linux-${arch}-glibc` : `${platform}-${arch}`;
  const file = platform === "win32" ? "deno.exe" : "deno";
  const installed = fileURLToPath(new URL(`../../node_modules/@deno/${system}/${file}`, import.meta.url));
  return existsSync(installed) ? installed : "deno";
}
