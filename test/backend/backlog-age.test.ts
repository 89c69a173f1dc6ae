import assert from "node:assert/strict";
import { test } from "node:test";
import { BacklogAge } from "../../src/backend/backlog-age.ts";

test("a record counts as old as the first one of its second", () => {
  const age = new BacklogAge();
  for (let place = 0; place < 50; place++) age.note(place, 10_000 + place * 100);
  assert.equal(age.acceptedAt(0), 10_000);
  assert.equal(age.acceptedAt(9), 10_000);
  assert.equal(age.acceptedAt(25), 12_000);
  assert.equal(age.acceptedAt(1_000), 14_000);
});

test("nothing is known of an empty log", () => {
  const age = new BacklogAge();
  assert.equal(age.acceptedAt(0), undefined);
  age.note(3, 5_000);
  age.clear();
  assert.equal(age.acceptedAt(3), undefined);
});

test("what is found in a log while it is appended to takes its place before it", () => {
  const age = new BacklogAge();
  age.note(100, 60_000);
  for (let place = 0; place < 30; place++) age.note(place, place * 1_000);
  age.note(101, 61_000);
  assert.equal(age.acceptedAt(7), 7_000);
  assert.equal(age.acceptedAt(100), 60_000);
});

test("an outage of days costs a bounded number of marks, and precision", () => {
  const age = new BacklogAge();
  const days = 3 * 24 * 3_600;
  for (let second = 0; second < days; second++) age.note(second, second * 1_000);
  const at = days / 2;
  const off = at * 1_000 - (age.acceptedAt(at) ?? Number.NaN);
  // Three days in 512 to 1024 marks.
  assert.ok(off >= 0 && off <= 512_000, String(off));
});
