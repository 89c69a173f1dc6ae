import { fileURLToPath } from "node:url";

/** The relay as a command on Node, as people run it from a checkout. */
export const RELAY_SOURCE = fileURLToPath(new URL("../../adapters/node.ts", import.meta.url));

/** The same in one file, if `npm test` made it: it starts in half the CPU time. */
export const RELAY_ENTRY = process.env["RELAY_BUNDLE"] ?? RELAY_SOURCE;
