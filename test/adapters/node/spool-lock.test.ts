import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LockOwner } from "../../../adapters/node/lock-owner.ts";
import { openSpool } from "../../../adapters/node/spool-files.ts";
import { SpoolError } from "../../../src/errors.ts";
import { type Child, removeDirectory, startChild, temporaryDirectory } from "../../support/child.ts";
import { DENO_RUN, denoBinary } from "../../support/deno.ts";
import { poll } from "../../support/wait.ts";

const WRITER = fileURLToPath(new URL("../../support/spool-writer.ts", import.meta.url));

let dir: string;
const children: Child[] = [];
beforeEach(() => {
  dir = temporaryDirectory("lock");
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop("SIGKILL")));
  removeDirectory(dir);
});

/** Opens the spool in a process of its own. */
function start(runtime: "node" | "deno", command: "hold" | "close"): Child {
  const child =
    runtime === "node"
      ? startChild(process.execPath, [WRITER, command, dir])
      : startChild(denoBinary(), [...DENO_RUN, "--allow-write", "--no-check", WRITER, command, dir], {
          env: { NO_COLOR: "1" },
        });
  children.push(child);
  return child;
}

async function firstLine(child: Child): Promise<string> {
  await poll(async () => child.output.includes("\n"), "the first line");
  return child.output.split("\n")[0] as string;
}

/** How the last owner ended, as this process finds it. */
async function lastEnd(): Promise<string> {
  const root = await openSpool(dir);
  await root.close();
  return root.lastEnd;
}

function ownerNow(): LockOwner {
  return JSON.parse(readFileSync(join(dir, "lock"), "utf8"));
}

/** Leaves the lock of an owner that differs in this from this process, which ended without a word. */
async function leave(change: Partial<LockOwner>): Promise<void> {
  const root = await openSpool(dir);
  const owner = ownerNow();
  await root.close();
  writeFileSync(join(dir, "lock"), JSON.stringify({ ...owner, ...change }));
}

for (const runtime of ["node", "deno"] as const) {
  test(`lock: on ${runtime} one process has the directory, and the next one is told which`, async () => {
    const first = start(runtime, "hold");
    assert.equal(await firstLine(first), "closed");
    const second = start(runtime, "close");
    assert.equal(await second.ended, 0);
    assert.match(
      second.output,
      new RegExp(`^locked: ${dir} is in use by process ${first.pid}: stop it, or `),
    );
    await first.stop("SIGKILL");
    const third = start(runtime, "close");
    assert.equal(await third.ended, 0);
    // Deno without further permissions cannot tell whether the machine has run on.
    assert.equal(third.output, runtime === "node" ? "killed\n" : "lost\n");
    const fourth = start(runtime, "close");
    assert.equal(await fourth.ended, 0);
    assert.equal(fourth.output, "closed\n");
  });
}

test("lock: Node and Deno respect each other", async () => {
  for (const [holder, other] of [
    ["node", "deno"],
    ["deno", "node"],
  ] as const) {
    const first = start(holder, "hold");
    await firstLine(first);
    const second = start(other, "close");
    await second.ended;
    assert.match(second.output, new RegExp(`^locked: .* process ${first.pid}:`), `${other} beside ${holder}`);
    await first.stop("SIGKILL");
    assert.equal(await lastEnd(), holder === "node" ? "killed" : "lost");
  }
});

test("lock: one process opens a directory once at a time", async () => {
  const [first, second] = await Promise.allSettled([openSpool(dir), openSpool(dir)]);
  const opened = [first, second].filter((result) => result.status === "fulfilled");
  assert.equal(opened.length, 1);
  await assert.rejects(openSpool(dir), { failure: "locked" });
  await opened[0]?.value.close();
  assert.equal(await lastEnd(), "closed");
});

test("lock: an owner that left no word was killed, or the machine was", async () => {
  await leave({ closed: false, pid: 2 ** 22 + 1 });
  assert.equal(await lastEnd(), "killed");
  await leave({ closed: false, pid: 2 ** 22 + 1, bootId: "another" });
  assert.equal(await lastEnd(), "lost");
  assert.equal(await lastEnd(), "closed");
});

test("lock: a living process of the same number is not the owner if it started at another time", async () => {
  const linux = process.platform === "linux";
  await leave({ closed: false, started: "1" });
  if (linux) assert.equal(await lastEnd(), "killed");
  await leave({ closed: false, pid: process.ppid });
  if (linux) assert.equal(await lastEnd(), "killed");
  const { started: _, ...unknown } = ownerNow();
  writeFileSync(join(dir, "lock"), JSON.stringify({ ...unknown, closed: false, pid: process.ppid }));
  await assert.rejects(openSpool(dir), (error) => {
    assert.ok(error instanceof SpoolError && error.failure === "locked");
    assert.match(
      error.message,
      new RegExp(`process ${process.ppid}: .* if that process is no relay, remove ${dir}/lock`),
    );
    return true;
  });
});

test("lock: what a lost machine took is not forgotten before a clean end", async () => {
  await leave({ closed: false, bootId: "another" });
  const child = start("node", "hold");
  assert.equal(await firstLine(child), "lost");
  await child.stop("SIGKILL");
  assert.equal(await lastEnd(), "lost");
  assert.equal(await lastEnd(), "closed");
});

test("lock: one that cannot be read stands for a lost machine", async () => {
  for (const content of ["", "{", "[]", "null", '{"pid":1,"token":"../../x"}']) {
    writeFileSync(join(dir, "lock"), content);
    assert.equal(await lastEnd(), "lost", content);
  }
});

test("lock: a claim and a draft of processes that ended on the way stop nobody, and are cleared away", async () => {
  await leave({ closed: false, pid: 2 ** 22 + 1 });
  const owner = ownerNow();
  const claimant = { ...owner, token: crypto.randomUUID() };
  writeFileSync(join(dir, `lock-after-${owner.token}`), JSON.stringify(claimant));
  writeFileSync(join(dir, `lock-draft-${claimant.token}`), JSON.stringify(claimant));
  assert.equal(await lastEnd(), "killed");
  assert.deepEqual(readdirSync(dir), ["lock"]);
});

test("lock: a claim of a living process is respected", async () => {
  await leave({ closed: false, pid: 2 ** 22 + 1 });
  const { started: _, ...owner } = ownerNow();
  const claimant = { ...owner, pid: process.ppid, token: crypto.randomUUID() };
  writeFileSync(join(dir, `lock-after-${owner.token}`), JSON.stringify(claimant));
  await assert.rejects(openSpool(dir), { failure: "locked" });
});

test("lock: of processes that take a stale one at the same time exactly one gets it", async () => {
  for (let round = 0; round < 3; round++) {
    await leave({ closed: false, pid: 2 ** 22 + 1 });
    const takers = Array.from({ length: 5 }, () => start("node", "hold"));
    const lines = await Promise.all(takers.map(firstLine));
    assert.equal(lines.filter((line) => line === "killed").length, 1, lines.join("\n"));
    assert.equal(lines.filter((line) => line.startsWith("locked: ")).length, 4, lines.join("\n"));
    await Promise.all(takers.map((taker) => taker.stop("SIGKILL")));
  }
});
