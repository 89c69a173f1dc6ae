import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMAND, DOCUMENT, statusDocument } from "../.ci/status-schema.ts";

test("docs/status.schema.json says what the schema of /status says", () => {
  assert.equal(readFileSync(DOCUMENT, "utf8"), statusDocument(), `it is out of date: run ${COMMAND}`);
});
