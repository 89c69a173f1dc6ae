import type { Launcher } from "./launcher.ts";

/** The black-box suite that every runtime passes, over HTTP. */
export function conformance(_launcher: Launcher): void {}
