import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMAND, metricsPage, PAGE } from "../.ci/metrics-table.ts";

test("the tables of docs/metrics.md are those of the metrics", () => {
  const page = readFileSync(PAGE, "utf8");
  assert.equal(page, metricsPage(page), `they are out of date: run ${COMMAND}`);
});
