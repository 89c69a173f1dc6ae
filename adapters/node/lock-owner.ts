import { readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { codeOf } from "./spool-errors.ts";

/** Two estimates of when a machine was started may differ so much, in milliseconds. */
const BOOT_TOLERANCE_MS = 2_000;

/** Who has a directory, as it stands in its lock. What the runtime does not tell is absent. */
export interface LockOwner {
  readonly pid: number;
  /** Differs from that of every other owner, ever. */
  readonly token: string;
  /** Names this run of the machine. */
  readonly bootId?: string;
  /** About when the machine was started, in milliseconds since 1970. */
  readonly bootMs?: number;
  /** When the process was started, in ticks since the machine was: tells it from a later one of the same number. */
  readonly started?: string;
  /** True when a lock of the kernel is held as well, which nobody can get while the process lives. */
  readonly held: boolean;
  /** True after a clean end. */
  readonly closed: boolean;
  /** True when what was written before it may be missing, so that this still holds if it ends without a word. */
  readonly afterLoss: boolean;
}

type Self = Pick<LockOwner, "pid" | "token" | "bootId" | "bootMs" | "started">;

/** This process. Deno reads /proc only with --allow-all, and the time since the start only with --allow-sys. */
export async function describeSelf(): Promise<Self> {
  const bootId = await textOf("/proc/sys/kernel/random/boot_id");
  const bootMs = bootId === undefined ? bootTime() : undefined;
  const started = await startOf(process.pid);
  return {
    pid: process.pid,
    token: crypto.randomUUID(),
    ...(bootId === undefined ? {} : { bootId: bootId.trim() }),
    ...(bootMs === undefined ? {} : { bootMs }),
    ...(typeof started === "string" ? { started } : {}),
  };
}

/** Whether the machine has run on since the owner had the lock. False when that is not known. */
export function sameBoot(self: Self, owner: LockOwner): boolean {
  if (self.bootId !== undefined && owner.bootId !== undefined) return self.bootId === owner.bootId;
  if (self.bootMs === undefined || owner.bootMs === undefined) return false;
  return Math.abs(self.bootMs - owner.bootMs) <= BOOT_TOLERANCE_MS;
}

/** False only when it is certain that the process which is not this one has ended. */
export async function mayLive(self: Self, owner: LockOwner): Promise<boolean> {
  // An estimate of when the machine was started moves with the wall clock: nothing so dangerous follows from it.
  if (self.bootId !== undefined && owner.bootId !== undefined && self.bootId !== owner.bootId) return false;
  if (self.started !== undefined) {
    const started = await startOf(owner.pid);
    if (started === "gone") return false;
    if (started !== undefined && owner.started !== undefined) return started === owner.started;
  }
  // The number was given to this process, as a container gives 1 to each: the one that had it before has ended.
  if (owner.pid === self.pid) return false;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); undefined where it cannot be read. */
async function startOf(pid: number): Promise<string | "gone" | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may contain anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch (error) {
    return ["ENOENT", "ESRCH"].includes(codeOf(error) ?? "") ? "gone" : undefined;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

function bootTime(): number | undefined {
  try {
    return Math.round(Date.now() - uptime() * 1000);
  } catch {
    return undefined;
  }
}
