import assert from "node:assert/strict";
import { test } from "node:test";
import { recoverySections } from "../../../adapters/node/recovery-status.ts";
import type { Status } from "../../../src/observe/status-schema.ts";

type Recovery = Status["recovery"];

const CHECK: Recovery["check"] = { running: false, findings: [], omitted: 0, skipped: 0 };

function text(recovery: Partial<Recovery>): string {
  const whole = { mode: "auto", backends: [], check: CHECK, ...recovery } as const;
  return recoverySections({ recovery: whole } as unknown as Status, "my relay.toml").join("\n");
}

test("nothing is said of what needs nothing", () => {
  const idle: Recovery["backends"][number] = { name: "b", state: "idle", alarms: [] };
  assert.equal(text({ backends: [idle] }), "");
  const manual = { ...idle, state: "waiting" as const, waiting: "[recovery] mode is manual" };
  assert.equal(text({ mode: "manual", backends: [manual] }), "");
  assert.match(text({ backends: [{ ...manual, waiting: "it is down" }] }), /"b": waits: it is down$/m);
});

test("how far a repair is", () => {
  const figures = { done: 1, total: 2, points: 50, pointsToCopy: 200, pointsPerSecond: 10, leftSeconds: 75 };
  const b: Recovery["backends"][number] = {
    ...{ name: "b", state: "repairing", from: "a", alarms: [] },
    progress: { phase: "copying", ...figures },
  };
  assert.match(text({ backends: [b] }), /"b": repaired from a: 50 of 200 points, 10\/s, 1m15s left$/m);
});

test("an alarm comes with the commands that show and settle it, as a shell wants them", () => {
  const alarm = {
    ...{ db: "d", from: "a", what: "d.autogen.m (1 extra)", bothDiffer: true, atMs: 0 },
    command: ["compare", "--from", "a", "--to", "b", "--db", "it's", "--deep"],
  };
  const found = text({ backends: [{ name: "b", state: "idle", alarms: [alarm] }] });
  for (const line of [
    "it differs from a, and which of them is right is not known: d.autogen.m (1 extra)",
    "-> look: influxdb-relay compare --from a --to b --db 'it'\\''s' --deep --config 'my relay.toml'",
    "-> if a is right: influxdb-relay recover --backend b --from a --deep --config 'my relay.toml'",
    "-> if b is right: influxdb-relay recover --backend a --from b --deep --config 'my relay.toml'",
  ]) {
    assert.ok(found.includes(`    ${line}\n`), `${line}\n${found}`);
  }
});

test("what the check found, with the command that shows it", () => {
  const finding = {
    ...{ db: "d", rp: "autogen", measurement: "m", start: "0", end: "1000000000" },
    points: { a: 3, b: 2 },
  };
  const found = text({ check: { ...CHECK, findings: [finding], omitted: 4 } });
  assert.match(found, /^d +autogen +m +1970-01-01T00:00:00.000Z +1970-01-01T00:00:01.000Z +a: 3, b: 2$/m);
  assert.match(found, /^\.\.\. and 4 more$/m);
  assert.match(found, /influxdb-relay compare --from a --to b --db d --config 'my relay.toml'$/m);
});
