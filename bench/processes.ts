import { readFileSync } from "node:fs";

/** Linux gives every process time in 1/100 s, whatever the kernel's own tick is. */
const TICK_MS = 10;
const KIB = 1024;

/** CPU time of a process so far, user and system, in milliseconds; undefined where there is no /proc. */
export function cpuTimeMs(pid: number): number | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The second field is the name in brackets, and may hold blanks.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The most memory that a process had at a time since it started, in bytes; undefined where there is no /proc. */
export function peakMemoryBytes(pid: number): number | undefined {
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return kib === undefined ? undefined : Number(kib) * KIB;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
