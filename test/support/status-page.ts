import { StatusPage } from "../../src/admin/page/status-page.ts";
import type { AppPorts } from "../../src/http/listener.ts";
import { createLog } from "../../src/observe/log.ts";
import { streamOf } from "../../src/query/body.ts";
import { FIGURES } from "./figures.ts";
import type { TestPlatform } from "./test-platform.ts";

type Options = ConstructorParameters<typeof StatusPage>[0];

/** A status page of a relay that has nothing, unless something else is given. */
export function testPage(platform: TestPlatform, options: Partial<Options> = {}): StatusPage {
  return new StatusPage({
    clock: platform.clock,
    log: createLog(platform.log, platform.clock),
    status: () => EMPTY_STATUS,
    figures: () => ({ ...FIGURES, atMs: platform.clock.monotonic() }),
    spool: { show: async () => ({ records: [], more: false }) },
    config: "relay.toml",
    ...options,
  });
}

/** Streams as a web-standard response does. */
export const webStream: AppPorts["stream"] = (_c, status, headers, body) =>
  new Response(streamOf(body), { status, headers });

/** Of a relay without listeners. */
export const EMPTY_STATUS = {
  ...{
    runtime: "node",
    listeners: [],
    udp: [],
    waiting: { bytes: 0, refused: 0 },
    backends: [],
    removed: [],
  },
  fieldTypes: { conflicts: [], omitted: 0, skipped: 0 },
  recovery: { mode: "auto", backends: [], check: { running: false, findings: [], omitted: 0, skipped: 0 } },
  peers: [],
};

const BACKEND = {
  ...{ name: "a", state: "up", inSync: true, reasons: [] as string[], staleSeconds: 0, drained: [] },
  ...{ keptOn: "disk", drainBytesPerSecond: 16 * 1024 * 1024, version: "1.6.7", lanes: 1, writes: 0 },
  ...{
    backlog: { records: 0, bytes: 0 },
    held: [] as object[],
    lost: [] as object[],
    suspect: [] as object[],
  },
  ...{ requests: {}, queries: { running: 0, asked: 0 }, counters: {} },
  deadLetters: { records: 0, bytes: 0, added: 0, dropped: 0, notStored: 0 },
};

/** Two servers that are in sync. */
export function calmStatus() {
  const listener = { name: "main", consistency: "one", replicas: ["a", "b"], counters: {}, queries: {} };
  return { ...EMPTY_STATUS, listeners: [listener], backends: [BACKEND, { ...BACKEND, name: "b" }] };
}

/** One of each trouble, all of one server. */
export function brokenStatus(name: string) {
  const range = { db: "telegraf", rp: "", min: "1700000000000000000", max: "1700000100000000000" };
  const b = {
    ...{ ...BACKEND, name, state: "down", inSync: false, staleSeconds: 754 },
    reasons: [
      ...["down: refused", "drained by operator", "behind: it lacks 12034 writes"],
      "held: it is not ready for the destination of 3 writes",
      ...["lost: writes for it were dropped in 1 range of time", "suspect: it may differ in 1 range of time"],
    ],
    backlog: { records: 12_037, bytes: 48_000_000 },
    held: [{ db: "new", rp: "", records: 3, status: 404, error: "database not found", atMs: 0 }],
    ...{ lost: [range], suspect: [{ ...range, db: "*", rp: "*" }] },
    deadLetters: { records: 4, bytes: 300, added: 4, dropped: 0, notStored: 0 },
  };
  const alarm = {
    db: "d",
    from: "a",
    what: "d.autogen.m (1 extra)",
    bothDiffer: true,
    command: ["compare"],
    atMs: 0,
  };
  const figures = {
    done: 12,
    total: 40,
    points: 50,
    pointsToCopy: 200,
    pointsPerSecond: 10,
    leftSeconds: 75,
  };
  const progress = { phase: "copying", ...figures };
  const calm = calmStatus();
  const listener = { ...calm.listeners[0], replicas: ["a", name] };
  const finding = {
    db: "d",
    rp: "autogen",
    measurement: "m",
    start: "0",
    end: "1",
    points: { a: 3, [name]: 2 },
  };
  const types = { a: ["float"], [name]: ["integer"] };
  return {
    ...{ ...calm, listeners: [listener], backends: [BACKEND, b] },
    recovery: {
      mode: "auto",
      backends: [{ name, state: "repairing", from: "a", progress, alarms: [alarm] }],
      check: { running: false, findings: [finding], omitted: 0, skipped: 0 },
    },
    fieldTypes: {
      conflicts: [{ db: "telegraf", measurement: "m", field: "f", types }],
      omitted: 0,
      skipped: 0,
    },
    peers: [
      {
        ...{ name: "10.0.0.3:9097", reachable: false, maps: {} },
        problems: [{ severity: "warning", kind: "unreachable", what: "no answer", next: "start it" }],
      },
    ],
  };
}
