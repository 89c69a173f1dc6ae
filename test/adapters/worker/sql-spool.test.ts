import { after, test } from "node:test";
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

test("what was told to be stored survives when the runtime is killed", async () => {
  const directory = temporaryDirectory("objects");
  const killed = await startCases(script, directory);
  await killed.run(BEFORE, "backend").finally(killed.stop);
  const running = await startCases(script, directory);
  await running.run(AFTER, "backend").finally(running.stop);
});
