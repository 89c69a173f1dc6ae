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

test("an outage of days costs a bounded number of marks, and precision until the log was empty", () => {
  const age = new BacklogAge();
  const days = 3 * 24 * 3_600;
  for (let second = 0; second < days; second++) age.note(second, second * 1_000);
  const answers = new Set<number | undefined>();
  let worst = 0;
  for (let second = 0; second < days; second += 10) {
    const acceptedAt = age.acceptedAt(second) ?? Number.NaN;
    answers.add(acceptedAt);
    worst = Math.max(worst, second * 1_000 - acceptedAt);
  }
  assert.ok(answers.size <= 1_024, String(answers.size));
  assert.ok(worst > 1_000 && worst <= 600_000, String(worst));
  age.clear();
  for (let second = 0; second < 5; second++) age.note(days + second, (days + second) * 1_000);
  assert.equal(age.acceptedAt(days + 3), (days + 3) * 1_000);
});
