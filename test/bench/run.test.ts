import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Row } from "../../bench/measure.ts";
import type { Table } from "../../bench/report.ts";

const RUN = fileURLToPath(new URL("../../bench/run.ts", import.meta.url));

async function bench(...args: string[]): Promise<string> {
  const quick = ["--rounds", "1", "--seconds", "0.2", "--backends", "sinks"];
  return (await promisify(execFile)(process.execPath, [RUN, ...quick, ...args])).stdout;
}

test("the benchmark prints a table with the relay beside its reference", async () => {
  const printed = await bench("--case", "single-64");
  const [title, head, ...rows] = printed.slice(printed.indexOf("single points")).split("\n");
  assert.equal(title, "single points, 64 connections; two sinks");
  assert.match(head ?? "", /^ +writes\/s +lines\/s +ratio +p50 ms +p99 ms +CPU us\/write +peak MB$/);
  assert.match(rows[0] ?? "", /^straight to a bare node:http server {2,}[\d,]+ +[\d,]+ +1\.00 /);
  assert.match(rows[1] ?? "", /^relay {2,}[\d,.]+ +[\d,.]+ +\d+\.\d\d +[\d.]+ +[\d.]+ /);
  assert.doesNotMatch(printed, /writes failed/);
});

test("the benchmark reports every case as JSON", async () => {
  const { tables } = JSON.parse(await bench("--json")) as { tables: Table[] };
  assert.deepEqual(
    tables.map((table) => table.case),
    ["single-1", "single-64", "batch-8", "hung"],
  );
  const rows = new Map(
    tables.flatMap((table) => table.rows.map((row): [string, Row] => [`${table.case} ${row.name}`, row])),
  );
  for (const [name, row] of rows) {
    assert.ok(row.writesPerSecond > 0, name);
    assert.equal(row.failed, 0, `${name}: ${row.firstFailure}`);
    assert.ok((row.p50Ms ?? 0) > 0 && (row.p99Ms ?? 0) >= (row.p50Ms ?? 0), name);
    assert.equal(row.rounds.length, 1);
  }
  const batch = rows.get("batch-8 relay");
  assert.equal(batch?.linesPerSecond, (batch?.writesPerSecond ?? 0) * 5_000);
});
