import assert from "node:assert/strict";
import { test } from "node:test";
import { type Exposition, expose, expositionFor } from "../../src/observe/exposition.ts";
import { Histogram } from "../../src/observe/histogram.ts";
import type { Family } from "../../src/observe/metrics.ts";

const seconds = new Histogram([0.5, 1]);
for (const value of [0.25, 1, 7]) seconds.observe(value);

const FAMILIES: readonly Family[] = [
  { name: "a", type: "counter", help: "About \\ a\nline.", labels: ["l"], ...of([['q"\\\n'], 1]) },
  { name: "b_bytes", type: "gauge", help: "B.", labels: [], ...of([[], Number.POSITIVE_INFINITY]) },
  { name: "c", type: "info", help: "C.", labels: ["v", "w"], ...of([["1", ""], 1]) },
  { name: "d_seconds", type: "histogram", help: "D.", labels: ["l"], ...of([["x"], seconds.read()]) },
];

function of(...series: [labels: string[], value: Family["samples"][number]["value"]][]) {
  return { samples: series.map(([labels, value]) => ({ labels, value })), read: () => [] };
}

test("Prometheus' text format: names of samples, escapes, buckets that add up", () => {
  assert.equal(
    expose(FAMILIES, "text"),
    `# HELP a_total About \\\\ a\\nline.
# TYPE a_total counter
a_total{l="q\\"\\\\\\n"} 1
# HELP b_bytes B.
# TYPE b_bytes gauge
b_bytes +Inf
# HELP c_info C.
# TYPE c_info gauge
c_info{v="1",w=""} 1
# HELP d_seconds D.
# TYPE d_seconds histogram
d_seconds_bucket{l="x",le="0.5"} 1
d_seconds_bucket{l="x",le="1.0"} 2
d_seconds_bucket{l="x",le="+Inf"} 3
d_seconds_sum{l="x"} 8.25
d_seconds_count{l="x"} 3
`,
  );
});

test("OpenMetrics: names of families, units, an end", () => {
  const lines = expose(FAMILIES, "openmetrics").split("\n");
  assert.deepEqual(
    lines.filter((line) => line.startsWith("# ") && !line.startsWith("# HELP")),
    [
      "# TYPE a counter",
      "# TYPE b_bytes gauge",
      "# UNIT b_bytes bytes",
      "# TYPE c info",
      "# TYPE d_seconds histogram",
      "# UNIT d_seconds seconds",
      "# EOF",
    ],
  );
  assert.ok(lines.includes('a_total{l="q\\"\\\\\\n"} 1'));
  assert.deepEqual(lines.slice(-2), ["# EOF", ""]);
});

const ACCEPTS: readonly (readonly [accept: string | undefined, format: Exposition])[] = [
  [undefined, "text"],
  ["", "text"],
  ["*/*", "text"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
  ["text/plain", "text"],
  ["application/openmetrics-text", "openmetrics"],
  ["Application/OpenMetrics-Text; version=1.0.0", "openmetrics"],
  ["application/openmetrics-text;q=0.2, text/plain;q=0.9", "text"],
  ["application/openmetrics-text;q=0", "text"],
  // Prometheus 2.42.
  [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
];

for (const [accept, format] of ACCEPTS) {
  test(`Accept: ${accept} gets ${format}`, () => assert.equal(expositionFor(accept), format));
}
