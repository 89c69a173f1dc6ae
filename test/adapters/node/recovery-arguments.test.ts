import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../adapters/node/arguments.ts";
import { readRecoveryArguments } from "../../../adapters/node/recovery-arguments.ts";
import { progressText } from "../../../adapters/node/recovery-progress.ts";
import { ALL_TIME } from "../../../src/recovery/windows.ts";

const NOW = 1_785_715_200_000_000_000n;
const read = (action: "compare" | "recover", ...args: string[]) =>
  readRecoveryArguments(action, [...args, "--config", "relay.toml"], NOW);

test("compare and recover with all that they take", () => {
  const everywhere = { db: undefined, rp: undefined, measurement: undefined, span: ALL_TIME };
  assert.deepEqual(read("compare", "--from", "a", "--to", "b"), {
    ...{ action: "compare", config: "relay.toml", json: false, deep: false, maxLoad: undefined },
    ...{ from: "a", to: "b", scope: everywhere },
  });
  const more = [
    "--db",
    "é",
    "--rp",
    "r",
    "--measurement",
    "m",
    "--since",
    "2026-08-02",
    "--until",
    "90m",
    "--deep",
    "--json",
  ];
  const all = read(
    "recover",
    "--backend",
    "b",
    "--from",
    "a",
    "--dry-run",
    "--prune",
    "--max-mb-per-second",
    "1.5",
    "--max-load-percent",
    "40",
    ...more,
  );
  assert.deepEqual(all, {
    ...{ action: "recover", config: "relay.toml", json: true, deep: true, backend: "b", from: "a" },
    ...{ dryRun: true, prune: true, bytesPerSecond: 1_500_000, maxLoad: 40 },
    scope: {
      ...{ db: "\xc3\xa9", rp: "r", measurement: "m" },
      span: { start: NOW - 86_400_000_000_000n, end: NOW - 5_400_000_000_000n },
    },
  });
});

test("times are a day, an instant, or so long ago", () => {
  const since = (text: string) => {
    const request = read("compare", "--from", "a", "--to", "b", "--since", text);
    return request.action === "compare" ? request.scope.span?.start : undefined;
  };
  assert.equal(since("2026-08-03T00:00:00Z"), NOW);
  assert.equal(since("2026-08-03T02:00:00+02:00"), NOW);
  assert.equal(since("7d"), NOW - 7n * 86_400_000_000_000n);
  assert.equal(since("1h30m"), NOW - 5_400_000_000_000n);
});

test("wrong use is told", () => {
  const cases: [() => unknown, RegExp][] = [
    [() => read("compare", "--from", "a"), /^compare needs --to; see influxdb-relay compare --help$/],
    [() => read("compare", "--from", "a", "--to", "a"), /are the same/],
    [() => read("recover"), /^recover needs --backend; see influxdb-relay recover --help$/],
    [() => read("recover", "--backend", "a", "--from", "a"), /are the same/],
    [() => read("recover", "--backend", "b", "--since", "yesterday"), /--since must be a time/],
    [() => read("recover", "--backend", "b", "--until", "2026-13-01"), /--until must be a time/],
    [
      () => read("recover", "--backend", "b", "--since", "1h", "--until", "2h"),
      /--since must be before --until/,
    ],
    [() => read("recover", "--backend", "b", "--max-mb-per-second", "0"), /must be a number above 0/],
    [
      () => read("recover", "--backend", "b", "--max-load-percent", "0"),
      /must be a whole number from 1 to 100/,
    ],
    [() => read("recover", "--backend", "b", "--nonsense"), /Unknown option '--nonsense'/],
    [() => read("compare", "--from", "a", "--to", "b", "--prune"), /Unknown option '--prune'/],
    [
      () => readRecoveryArguments("compare", ["--from", "a", "--to", "b"], NOW),
      /^compare needs --config; see /,
    ],
  ];
  for (const [use, message] of cases) {
    assert.throws(
      use,
      (error) => error instanceof UsageError && message.test(error.message),
      String(message),
    );
  }
});

test("the line on a terminal tells how far it is", () => {
  const progress = {
    ...{ phase: "copying" as const, done: 1, total: 4, place: "d.r\x1b[2J", points: 25_000, bytes: 1 },
    ...{ pointsToCopy: 100_000, pointsPerSecond: 1_234.5, leftMs: 61_000 },
  };
  const text =
    "copying [#####...............]  25%  25,000 of 100,000 points  1,235/s  1m1s left  d.r\\u001b[2J";
  assert.equal(progressText(progress), text);
  const comparing = progressText({ ...progress, phase: "comparing", leftMs: undefined });
  assert.equal(comparing, "comparing [#####...............]  25%  1 of 4  d.r\\u001b[2J");
});
