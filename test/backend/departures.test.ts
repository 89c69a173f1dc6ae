import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Departures } from "../../src/backend/departures.ts";
import { Entry, type EntryOwner } from "../../src/backend/entry.ts";
import { Ticket } from "../../src/backend/ticket.ts";
import type { Write } from "../../src/writer.ts";

const WRITE: Write = {
  destination: { db: "d", rp: "", precision: "ns", credentials: undefined },
  body: new Uint8Array(0),
  hasLines: true,
  closed: true,
  source: "",
  keep: "acknowledged",
  consistency: "one",
};

/** Entries at the places from 0 on, and those that are free again. */
function entriesInLog(count: number) {
  const free: number[] = [];
  const entries = Array.from({ length: count }, (_, place) => {
    const entry = new Entry(WRITE, {} as EntryOwner);
    entry.ticket = new Ticket([place], true, (places) => free.push(...places));
    return entry;
  });
  return { entries, free };
}

describe("entries that move to another log", () => {
  test("stay in the first one until each is safe in the other", () => {
    const { entries, free } = entriesInLog(3);
    const departures = new Departures(false, () => {});
    const { moved } = departures.take(entries, new Set());
    assert.equal(departures.firstPlace(7), 0);
    moved[1]?.arrived();
    assert.equal(departures.firstPlace(7), 0);
    moved[0]?.arrived();
    assert.equal(departures.firstPlace(7), 2);
    assert.equal(departures.firstPlace(undefined), 2);
    assert.equal(departures.firstPlace(1), 1);
    assert.equal(departures.any, true);
    moved[2]?.arrived();
    assert.deepEqual(free, [1, 0, 2]);
    assert.equal(departures.any, false);
    assert.equal(departures.firstPlace(7), 7);
    assert.equal(departures.firstPlace(undefined), undefined);
  });

  test("cost no more each when there are very many of them", () => {
    // A moment; if each looked at all the others, a quarter of a minute in which no client gets an answer.
    const { entries } = entriesInLog(100_000);
    const departures = new Departures(false, () => void departures.firstPlace(undefined));
    const { moved } = departures.take(entries, new Set());
    const began = performance.now();
    for (const entry of moved) entry.arrived();
    assert.ok(performance.now() - began < 5_000);
    assert.equal(departures.any, false);
  });
});
