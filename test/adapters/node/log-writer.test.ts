import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogWriter } from "../../../adapters/node/log-writer.ts";

function write(format: "json" | "pretty", level: "info" | "warn" = "info"): string[] {
  const lines: string[] = [];
  const log = createLogWriter({
    level,
    format,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    write: (line) => lines.push(line),
  });
  log("info", "listening", { address: "127.0.0.1:1", port: 1, missing: undefined });
  log("error", "two\nlines", { text: 'a "b"\nc' });
  return lines;
}

test("JSON: one line an event, whatever is in it", () => {
  const lines = write("json");
  assert.ok(lines.every((line) => line.indexOf("\n") === line.length - 1));
  assert.deepEqual(JSON.parse(lines[0] ?? ""), {
    time: "2026-01-02T03:04:05.678Z",
    level: "info",
    event: "listening",
    address: "127.0.0.1:1",
    port: 1,
  });
  assert.equal(JSON.parse(lines[1] ?? "").text, 'a "b"\nc');
});

test("pretty: time, level, event and fields on one line", () => {
  assert.equal(write("pretty")[0], '03:04:05.678 info  listening address="127.0.0.1:1" port=1\n');
  assert.equal(write("pretty")[1]?.includes('text="a \\"b\\"\\nc"'), true);
});

test("events below the level are not written", () => {
  assert.equal(write("json", "warn").length, 1);
});
