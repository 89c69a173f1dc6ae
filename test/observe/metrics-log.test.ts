import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figures } from "../../src/observe/figures.ts";
import { Histogram } from "../../src/observe/histogram.ts";
import { createLog } from "../../src/observe/log.ts";
import { fieldsOf, MetricsLog } from "../../src/observe/metrics-log.ts";
import { ALL_FIGURES, FIGURES } from "../support/figures.ts";
import { createTestPlatform } from "../support/test-platform.ts";

test("the figures go to the log at most once a minute", async () => {
  const { clock, log, logged } = createTestPlatform();
  const metrics = new MetricsLog(clock, createLog(log, clock));
  const tell = () => metrics.tell({ scope: "isolate" }, () => FIGURES);
  tell();
  await clock.advance(59_999);
  tell();
  assert.deepEqual(logged, []);
  await clock.advance(1);
  tell();
  tell();
  await clock.advance(60_000);
  tell();
  const build = 'influxdb_relay_build_info{version="1.2.3",runtime="node",runtime_version="24.0.0"}';
  const line = { level: "info", event: "metrics", fields: { scope: "isolate", [build]: 1 } };
  assert.deepEqual(logged, [line, line]);
});

test("a field is named as its series, and what is 0 is left out", () => {
  const seconds = new Histogram([1]);
  seconds.observe(0.5);
  const [listener] = ALL_FIGURES.listeners;
  assert.ok(listener);
  const listeners = [{ ...listener, writes: { stored: 3, rejected: 0 }, writeSeconds: seconds.read() }];
  const fields = fieldsOf({ ...FIGURES, listeners });
  const ofWrites = Object.entries(fields).filter(([name]) => /relay_write(s|_duration)_/.test(name));
  assert.deepEqual(Object.fromEntries(ofWrites), {
    'influxdb_relay_writes_total{listener="main",outcome="stored"}': 3,
    'influxdb_relay_write_duration_seconds_sum{listener="main"}': 0.5,
    'influxdb_relay_write_duration_seconds_count{listener="main"}': 1,
  });
  assert.equal(fields["omitted"], undefined);
});

test("a line has a bound, and says how much it leaves out", () => {
  const [backend] = ALL_FIGURES.backends;
  assert.ok(backend);
  const backends: Figures["backends"] = Array.from({ length: 100 }, (_, i) => ({
    ...backend,
    name: `backend-${i}`,
  }));
  const fields = fieldsOf({ ...FIGURES, backends });
  assert.ok(JSON.stringify(fields).length < 16_000);
  const { omitted } = fields;
  assert.equal(Number(omitted) + Object.keys(fields).length - 1, Object.keys(unbounded(backends)).length);
});

/** All fields, from lines with one backend each. */
function unbounded(backends: Figures["backends"]) {
  return Object.assign({}, ...backends.map((backend) => fieldsOf({ ...FIGURES, backends: [backend] })));
}
