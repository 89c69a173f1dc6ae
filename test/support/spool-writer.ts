/**
 * A process that uses a spool, for tests of what others find of it. On Node and on Deno:
 *
 *     hold DIR             opens it, prints how its last owner ended, and keeps it until it is killed
 *     close DIR            opens it, prints how its last owner ended, and closes it
 *     append DIR SIZE...   appends pieces of these sizes to one file, and prints what became of each
 */
import process from "node:process";
import { SpoolError } from "../../src/errors.ts";
import type { Platform, SpoolRoot } from "../../src/platform.ts";

const [command, dir = "", ...sizes] = process.argv.slice(2);
const runtime = "Deno" in globalThis ? "deno" : "node";
const adapter = await import(`../../adapters/${runtime}/platform.ts`);
const platform: Platform = adapter[`${runtime}Platform`](() => {});

try {
  const root = (await platform.openSpool?.(dir)) as SpoolRoot;
  console.log(root.lastEnd);
  if (command === "hold") setInterval(() => {}, 60_000);
  else if (command === "append") await append(root);
  if (command !== "hold") await root.close();
} catch (error) {
  console.log(error instanceof SpoolError ? `${error.failure}: ${error.message}` : error);
}

async function append(root: SpoolRoot): Promise<void> {
  const file = await (await root.directory("a")).open("f");
  for (const size of sizes) {
    const told = await file.append([new Uint8Array(Number(size))]).then(
      () => "stored",
      (error: SpoolError) => error.failure,
    );
    console.log(`${told} ${size}`);
  }
  await file.close();
}
