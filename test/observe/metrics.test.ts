import assert from "node:assert/strict";
import { test } from "node:test";
import { familiesOf, METRICS } from "../../src/observe/metrics.ts";
import { ALL_FIGURES, FIGURES } from "../support/figures.ts";

const all = Object.values(METRICS).flat();

test("there is a series of each metric where there is something of each kind", () => {
  assert.deepEqual(
    familiesOf(ALL_FIGURES).map(({ name }) => name),
    all.map(({ name }) => name),
  );
});

test("of what a relay does not have there is no series", () => {
  assert.deepEqual(
    familiesOf(FIGURES).map(({ name }) => name),
    ["influxdb_relay_build"],
  );
});

test("each name is there once, and says its unit and no type", () => {
  const names = all.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  for (const { name, help, type } of all) {
    assert.match(name, /^(influxdb_relay|process)(_[a-z]+)+$/);
    assert.doesNotMatch(name, /_(total|info|count|sum|bucket|ms|kb|mb|counter|gauge|histogram)$/);
    if (/_(duration|age)/.test(name)) assert.match(name, /_seconds$/);
    if (type === "histogram") assert.match(name, /_(seconds|bytes|writes)$/);
    assert.match(help, /^[A-Z1].*\.$/);
  }
});

test("each series has a value for each label of its metric, and a number", () => {
  for (const { name, labels, samples } of familiesOf(ALL_FIGURES)) {
    for (const sample of samples) {
      assert.equal(sample.labels.length, labels.length, name);
      assert.ok(typeof sample.value === "object" || Number.isFinite(sample.value), name);
    }
    const series = samples.map((sample) => JSON.stringify(sample.labels));
    assert.equal(new Set(series).size, series.length, name);
  }
});
