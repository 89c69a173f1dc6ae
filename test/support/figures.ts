import type { Figures } from "../../src/observe/figures.ts";
import { Histogram, REQUEST_SECONDS } from "../../src/observe/histogram.ts";

/** Of a relay that has nothing. */
export const FIGURES: Figures = {
  atMs: 0,
  build: { version: "1.2.3", runtime: "node", runtimeVersion: "24.0.0" },
  listeners: [],
  udp: [],
  backends: [],
};

/** Of nothing. */
const NONE = new Histogram(REQUEST_SECONDS).read();

/** Of a relay that has one of everything there is. */
export const ALL_FIGURES: Figures = {
  ...FIGURES,
  process: { cpuSeconds: 1.5, residentBytes: 2, startedAtSeconds: 3, openFds: 4, maxFds: 5 },
  listeners: [
    {
      name: "main",
      counters: {
        writeBytes: 1,
        writeLines: 2,
        unauthorized: 3,
        tooLarge: 4,
        aborted: 5,
        refusedConnections: 6,
        internalErrors: 7,
      },
      writes: { stored: 1, rejected: 2 },
      writeSeconds: NONE,
      queries: {
        requests: 1,
        answered: 2,
        changes: 3,
        refused: 4,
        failed: 5,
        busy: 6,
        abandoned: 7,
        brokenOff: 8,
        failovers: 9,
        stale: 10,
        unsynced: 11,
      },
      querySeconds: NONE,
      sharding: { plans: { route: 1 }, shards: [{ name: "s", weight: 1, writes: 2, lines: 3, bytes: 4 }] },
    },
  ],
  udp: [
    {
      name: "in",
      kernelDrops: 1,
      datagrams: {
        received: 1,
        forwarded: 2,
        lines: 3,
        dropped: { empty: 4 },
        waiting: 5,
        waitingBytes: 6,
        batches: { stored: 7 },
        outputs: [{ name: "out", sent: 1, failed: 2, queueFull: 3, tooLong: 4 }],
      },
    },
  ],
  waiting: { bytes: 1, refused: 2 },
  backends: [
    {
      name: "a",
      accepted: { writes: 1, lines: 2, bytes: 3 },
      requests: { stored: 1 },
      requestSeconds: NONE,
      lostFor: { "too-old": 1 },
      counters: { kept: 1, delivered: 2, lostBytes: 3, rejected: 4, expired: 5, notStored: 6 },
      order: {
        up: true,
        inSync: false,
        staleSeconds: 1,
        drained: true,
        counters: { poisoned: 1, changes: 2, changesFailed: 3 },
        retries: 1,
        joined: NONE,
        requestBytes: NONE,
        lanes: 1,
        waiting: { writes: 2, deepest: 1 },
        queries: { running: 1, asked: 2 },
        logs: [
          {
            name: "main",
            records: 1,
            bytes: 2,
            oldestSeconds: 3,
            files: {
              appended: 1,
              bytesAppended: 2,
              failedAppends: 3,
              failedWrites: 4,
              failedSyncs: 5,
              damagedRecords: 6,
              damagedBytes: 7,
              syncSeconds: NONE,
            },
          },
        ],
        ranges: { lost: 1, suspect: 2 },
        deadLetters: { added: 1, dropped: 2, notStored: 3 },
      },
    },
  ],
  removed: { backends: 1, records: 2, bytes: 3 },
  recovery: {
    backends: [
      {
        name: "a",
        state: "repairing",
        alarms: 1,
        ended: { equal: 1 },
        points: 2,
        progress: { done: 1, total: 4, points: 5, pointsToCopy: 6, leftSeconds: 7 },
      },
    ],
    check: { findings: 1, skipped: 2, endedAtSeconds: 3 },
  },
  fieldTypeConflicts: 1,
};
