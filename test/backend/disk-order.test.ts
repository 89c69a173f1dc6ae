import { test } from "node:test";
import fc from "fast-check";
import { anyDiskCase, type Case, runCase, type Step } from "./order-model.ts";

const write: Step = { kind: "write" };
const change: Step = { kind: "change", scope: ["d"] };
const scene = {
  servers: 2,
  bufferSize: 1 << 26,
  policies: "known",
  stop: false,
  seed: 0,
  disk: true,
} as const;

/** A dead letter that could not be stored, of a statement whose client was told that all is well. */
const LETTER_LOST: Case = {
  ...scene,
  steps: [
    { kind: "fault", server: 0, fault: "no-user", on: true },
    { kind: "disk-fault", calls: 40 },
    ...[change, change, { kind: "wait", ms: 0 } as const],
    { kind: "crash", how: "kill", atCall: 0 },
  ],
};

/** A statement overtook what was held, and that was forgotten in the crash. */
const DOUBT_LOST: Case = {
  ...scene,
  policies: 0,
  steps: [
    { kind: "fault", server: 0, fault: "no-database", on: true },
    ...[write, change],
    { kind: "crash", how: "kill", atCall: 1 },
    ...[write, write],
  ],
};

test("whatever the backends do, and however often the relay or the machine dies: what was acknowledged is everywhere in the end, in order", async () => {
  await fc.assert(fc.asyncProperty(anyDiskCase, runCase), {
    numRuns: 100,
    examples: [[LETTER_LOST], [DOUBT_LOST]],
  });
});
