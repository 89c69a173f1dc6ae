import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nodeComplaint } from "../../../adapters/node/version.ts";

test("a Node that is older than the package says is refused in words", () => {
  const manifest = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const oldest = String(JSON.parse(manifest).engines.node).replace(">=", "");
  const words = (version: string) => `influxdb-relay needs Node ${oldest} or newer, and this is ${version}`;
  for (const old of ["20.20.2", "22.17.9", "18.0.0"]) assert.equal(nodeComplaint(old), words(old));
  for (const fine of [`${oldest}.0`, "22.20.1", "24.0.0", "100.1.1"])
    assert.equal(nodeComplaint(fine), undefined);
});
