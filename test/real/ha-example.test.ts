import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startChild } from "../support/child.ts";
import { requireReal } from "../support/require-real.ts";
import { runProgram } from "../support/run-program.ts";
import { createWatch, poll } from "../support/wait.ts";

const RUN = fileURLToPath(new URL("../../examples/ha/run.ts", import.meta.url));
const START_LIMIT_MS = 60_000;

test("npm run example:ha prints commands that do what they say, and ends with all it started", {
  skip: requireReal("influxd", "haproxy", "curl", "bash"),
}, async () => {
  const watch = createWatch();
  const example = startChild(process.execPath, [RUN], { onLine: watch.changed, onEnd: watch.changed });
  const printed = () => `\n${example.output}`;
  try {
    await watch.until(
      () => example.output.includes("Ctrl-C") || example.end !== undefined,
      "the explanation",
      START_LIMIT_MS,
      printed,
    );
    const commands = example.output.split("\n").filter((line) => /^ {2}(curl|bash|kill)/.test(line));
    const [write = "", read = "", create = "", udp = "", kill = ""] = commands;
    const bash = async (command: string) => (await runProgram("bash", ["-c", command])).stdout;
    assert.match(await bash(write), /^HTTP\/1\.1 204/);
    assert.match(await bash(read), /^x-served-by: .*"kitchen",21\.5\]/ms);
    assert.match(await bash(create), /^\{"results":\[\{"statement_id":0\}\]\}\n$/);
    await bash(udp);
    const hall = read.replace("db=mydb", "db=telegraf");
    await poll(async () => (await bash(hall)).includes('"hall",18.2]'), "the datagram", undefined, printed);
    await bash(kill);
    assert.match(await bash(write), /^HTTP\/1\.1 204/);
    await watch.until(
      () => /has ended, and starts again/.test(example.output),
      "the end of it",
      undefined,
      printed,
    );
  } finally {
    const pids = [...example.output.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
    assert.equal(await example.stop("SIGINT"), 0, printed());
    assert.equal(pids.length, 4);
    await poll(async () => !pids.some(isRunning), "the end of what it started");
  }
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
