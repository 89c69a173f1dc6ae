import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMAND, PAGE, runtimesPage } from "../.ci/runtimes-page.ts";

test("docs/runtimes.md says what the table of capabilities says", () => {
  assert.equal(readFileSync(PAGE, "utf8"), runtimesPage(), `it is out of date: run ${COMMAND}`);
});
