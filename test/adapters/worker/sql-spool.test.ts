import assert from "node:assert/strict";
import { after, test } from "node:test";
import { workerdPids } from "../../conformance/workerd-launcher.ts";
import { temporaryDirectory } from "../../support/child.ts";
import { bundleCases, startCases } from "./case-runner.ts";

const script = await bundleCases("sql-spool-cases.ts");
const runner = await startCases(script);
after(() => runner.stop());

const BEFORE = "before a restart";
const AFTER = "after a restart";

for (const name of runner.cases) {
  if (name === BEFORE || name === AFTER) continue;
  test(name, async () => {
    await runner.run(name);
  });
}

test("a restart keeps everything", async () => {
  const directory = temporaryDirectory("objects");
  for (const name of [BEFORE, AFTER]) {
    const running = await startCases(script, directory);
    try {
      await running.run(name, "backend");
    } finally {
      await running.stop();
    }
  }
});

test("what was told to be stored survives when the runtime is killed", async () => {
  const directory = temporaryDirectory("objects");
  const others = new Set(workerdPids());
  const killed = await startCases(script, directory);
  const pids = workerdPids().filter((pid) => !others.has(pid));
  try {
    await killed.run(BEFORE, "backend");
    assert.equal(pids.length, 1);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await assert.rejects(killed.run(AFTER, "backend"));
  } finally {
    await killed.stop();
  }
  const running = await startCases(script, directory);
  try {
    await running.run(AFTER, "backend");
  } finally {
    await running.stop();
  }
});
