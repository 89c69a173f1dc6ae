import assert from "node:assert/strict";
import { test } from "node:test";
import { type Member, planFor } from "../../src/recovery/auto-plan.ts";
import { TimeRanges } from "../../src/spool/time-ranges.ts";

type Row = readonly [db: string, rp: string, minNs: bigint, maxNs: bigint];

interface Given {
  readonly lost?: readonly Row[];
  readonly suspect?: readonly Row[];
  readonly up?: boolean;
  readonly drainedBy?: readonly string[];
  readonly behind?: boolean;
  readonly catchingUp?: boolean;
}

function member(name: string, given: Given = {}): Member {
  const ranges = (rows: readonly Row[] = []) => {
    const found = new TimeRanges();
    for (const [db, rp, minNs, maxNs] of rows) found.add(db, rp, { minNs, maxNs });
    return found;
  };
  return {
    name,
    health: { up: given.up ?? true },
    drainedBy: given.drainedBy ?? [],
    isBehind: () => given.behind ?? false,
    isCatchingUp: () => given.catchingUp ?? false,
    handoff: { lost: ranges(given.lost), suspect: ranges(given.suspect) },
  };
}

/** What is planned for `b`, as text. */
function plan(b: Given, ...others: readonly Given[]): string {
  const replicas = others.map((given, i) => member(["a", "c"][i] as string, given));
  const found = planFor(member("b", b), "d", replicas);
  if (found.kind === "wait") return found.why;
  const text = found.known.ranges.map(({ db, rp, minNs, maxNs }) => `${db}.${rp} ${minNs}-${maxNs}`);
  return `${found.kind} ${found.other.name}: ${text.join(", ")}`;
}

const LOST = { lost: [["d", "", 10n, 20n]] } as const;

test("what is lost is repaired from a replica that has it", () => {
  assert.equal(plan(LOST, {}), "repair a: d. 10-20");
  assert.equal(plan({ ...LOST, suspect: [["d", "r", 1n, 2n]] }, {}), "repair a: d. 10-20, d.r 1-2");
  assert.equal(
    plan(
      {
        lost: [
          ["d", "", 10n, 20n],
          ["e", "", 1n, 2n],
        ],
      },
      {},
    ),
    "repair a: d. 10-20",
  );
});

test("nothing is begun before it is there and has what was kept for it", () => {
  assert.equal(plan({ ...LOST, up: false }, {}), "it is down");
  assert.equal(plan({ ...LOST, drainedBy: ["operator"] }, {}), "it is drained by operator");
  assert.equal(plan({ ...LOST, catchingUp: true }, {}), "it gets what was kept for it first");
  // What is held may be held because the database is missing, which only the repair makes.
  assert.equal(plan({ ...LOST, behind: true }, {}), "repair a: d. 10-20");
});

test("a replica that is down, drained or behind is no source", () => {
  const none = "no replica of it is up, has everything and is not drained";
  for (const bad of [{ up: false }, { drainedBy: ["recovery"] }, { behind: true }]) {
    assert.equal(plan(LOST, bad), none);
    assert.equal(plan(LOST, bad, {}), "repair c: d. 10-20");
  }
});

test("a replica is a source where it does not differ itself, and only there", () => {
  const hiccup: Given = { suspect: [["d", "", 15n, 16n]] };
  assert.equal(plan(LOST, hiccup), "repair a: d. 10-14, d. 17-20");
  assert.equal(plan(LOST, { suspect: [["d", "", 1n, 99n]] }, {}), "repair c: d. 10-20");
  assert.equal(plan(LOST, { lost: [["e", "", 1n, 99n]] }), "repair a: d. 10-20");
  assert.equal(plan(LOST, { lost: [["d", "", 21n, 99n]] }), "repair a: d. 10-20");
});

test("where both may differ they are only compared, in what they share", () => {
  assert.equal(plan(LOST, { suspect: [["d", "", 1n, 99n]] }), "compare a: d. 10-20");
  assert.equal(plan(LOST, { suspect: [["*", "*", 1n, 99n]] }), "compare a: d. 10-20");
  // The default policy may be the one of that name.
  assert.equal(plan(LOST, { suspect: [["d", "autogen", 5n, 99n]] }), "compare a: d. 10-20");
  const named: Given = { lost: [["d", "r", 10n, 20n]] };
  assert.equal(plan(named, { suspect: [["d", "other", 1n, 99n]] }), "repair a: d.r 10-20");
});
