import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startChild } from "../../support/child.ts";
import { denoBinary } from "../../support/deno.ts";

test("the files of a spool do on Deno what they do on Node", async () => {
  const suite = fileURLToPath(new URL("./spool-files.suite.ts", import.meta.url));
  const flags = [
    "--no-prompt",
    "--no-check",
    "--cached-only",
    "--allow-read",
    "--allow-write",
    "--allow-env",
  ];
  const child = startChild(denoBinary(), ["test", ...flags, suite], { env: { NO_COLOR: "1" } });
  assert.equal(await child.ended, 0, child.output);
  assert.match(child.output, /ok \| [1-9]\d* passed/);
});
