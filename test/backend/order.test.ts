import { test } from "node:test";
import fc from "fast-check";
import { anyCase, type Case, runCase, type Step } from "./order-model.ts";

const to = (server: number, weather: Extract<Step, { kind: "weather" }>["weather"]): Step => ({
  kind: "weather",
  server,
  weather,
});
const write = { kind: "write" } as const;
const wait = (ms: number): Step => ({ kind: "wait", ms });

/** Sequences that once failed: lanes that waited for ever for a backend that was back, or sent the same twice at once. */
const ONCE_FAILED: Step[][] = [
  [to(1, "broken"), to(0, "hung"), write, to(1, "refused"), wait(8_738), write, write, wait(1_262)],
  [
    to(1, "refused"),
    to(0, "hung"),
    write,
    write,
    to(0, "broken"),
    wait(8_761),
    write,
    to(1, "up"),
    wait(1_239),
    write,
  ],
  [
    to(1, "lost-answer"),
    to(0, "hung"),
    write,
    write,
    write,
    to(0, "broken"),
    wait(10_000),
    to(0, "up"),
    write,
  ],
  [to(1, "hung"), to(0, "lost-answer"), write, to(1, "broken"), write, wait(997), write, write, wait(9_003)],
];

/** Accepted in the course of a request that is then divided, and not counted as left over at the end. */
const NOT_COUNTED: Case = {
  servers: 2,
  bufferSize: 1 << 26,
  policies: "known",
  stop: true,
  steps: [{ ...write, times: 3 }, to(0, "broken"), wait(0), write, to(0, "up")],
  seed: 0,
};

/** Rejected by one while it waited for its turn, and counted twice. */
const COUNTED_TWICE: Case = {
  ...NOT_COUNTED,
  stop: false,
  steps: [{ ...write, taste: "sour", keep: "always" }, write, write, write],
};

/** In flight while the oldest were dropped, it failed before they were gone, and went with them uncounted. */
const DROPPED_IN_FLIGHT: Case = {
  ...NOT_COUNTED,
  bufferSize: 2_000,
  stop: false,
  steps: [
    to(0, "broken"),
    write,
    { ...write, times: 3, db: "e" },
    { ...write, keep: "always" },
    { kind: "fault", server: 0, fault: "no-database", on: false },
    write,
    write,
    write,
  ],
};

/** Read back from the log and joined, behind a statement that is not executed, and dropped together: counted as one. */
const DROPPED_TOGETHER: Case = {
  ...NOT_COUNTED,
  bufferSize: 0,
  policies: 0,
  stop: false,
  steps: [
    to(0, "busy"),
    { kind: "change", scope: ["d"] },
    { ...write, times: 3, keep: "always", consistency: "one" },
    { ...write, consistency: "one" },
  ],
};

/** Of writes with and without the name of the policy, behind others that were refused, some went to what was held and some did not. */
const PARTED: Case = {
  ...NOT_COUNTED,
  stop: false,
  steps: [
    { kind: "fault", server: 1, fault: "no-database", on: true },
    write,
    to(1, "busy"),
    { ...write, rp: "autogen", user: "x" },
    { ...write, rp: "autogen" },
    write,
    write,
    { kind: "change", scope: ["d"] },
    write,
  ],
};

/** Held, and not decided about when a statement overtook it. */
const OVERTAKEN: Case = {
  ...NOT_COUNTED,
  stop: false,
  steps: [
    { kind: "fault", server: 0, fault: "no-database", on: true },
    to(1, "hung"),
    write,
    { kind: "pause", server: 0, db: "d" },
    write,
    { kind: "change", scope: ["d"] },
  ],
};

/** Told that it has to wait, then kept while it was being sent: its client did not hear that it was executed. */
const NOT_TOLD: Case = {
  ...NOT_COUNTED,
  steps: [
    { kind: "pause", server: 0, db: "e" },
    { kind: "change", taste: "sour" },
    { kind: "change", scope: ["d"] },
    wait(0),
    write,
  ],
};

test("whatever the backends do: nothing acknowledged is lost uncounted, the last value is the same everywhere, and nothing waits for ever", async () => {
  const cases = ONCE_FAILED.map((steps): Case => ({ ...NOT_COUNTED, stop: false, steps }));
  await fc.assert(fc.asyncProperty(anyCase, runCase), {
    numRuns: 200,
    examples: [
      ...cases,
      ...[NOT_COUNTED, COUNTED_TWICE, DROPPED_IN_FLIGHT, DROPPED_TOGETHER, PARTED, OVERTAKEN, NOT_TOLD],
    ].map((example) => [example]),
  });
});
