import type { Status } from "../../observe/status-schema.ts";
import { age } from "../../observe/text.ts";
import { counted } from "./figures-text.ts";
import type { PageBackend } from "./page-status.ts";

/** `good`: nothing to do. `warn`: look at it. `bad`: something is missing to clients now. */
export type Level = "good" | "warn" | "bad";

export interface Verdict {
  readonly level: Level;
  readonly text: string;
}

/** How a backend is, in a word or two, and for how long; that is empty while it is in sync. */
export function stateOf(backend: PageBackend): { level: Level; word: string; since: string } {
  const { inSync, reasons, staleSeconds, state } = backend;
  if (inSync) return { level: "good", word: "in sync", since: "" };
  const [reason = "behind"] = reasons;
  const word = wordOf(reason);
  const since = staleSeconds > 0 ? ` for ${age(staleSeconds * 1_000)}` : "";
  return { level: state === "down" || word === "lost" ? "bad" : "warn", word, since };
}

/** All that a person should know first, in a sentence. */
export function verdictOf(status: Status): Verdict {
  const { backends } = status;
  const out = backends.filter(({ inSync }) => !inSync);
  const without = setsWithout(status);
  const [dead] = without(({ state }) => state !== "down");
  if (dead !== undefined) return { level: "bad", text: `No server of ${dead.name} answers` };
  const [stale] = without(({ inSync }) => inSync);
  if (stale !== undefined)
    return { level: "bad", text: `No server of ${stale.name} is in sync: queries may miss points` };
  if (out.length > 0) {
    const level = out.some((backend) => stateOf(backend).level === "bad") ? "bad" : "warn";
    const states = out
      .slice(0, 3)
      .map((backend) => `${backend.name} is ${wordOf(backend.reasons[0] ?? "behind")}`);
    const more = out.length > states.length ? [`${out.length - states.length} more are not in sync`] : [];
    const rest = backends.length - out.length === 1 ? "the other one" : "the others";
    return { level, text: `${[...states, ...more].join(", ")}; queries go to ${rest}` };
  }
  const all = `${allOf(backends.length)} in sync`;
  const open = openMatters(status);
  return open === 0
    ? { level: "good", text: all }
    : { level: "warn", text: `${all}; ${counted(open, "other matter")} to look at` };
}

/** What is wrong beside servers that are out of sync. */
function openMatters({ backends, recovery, fieldTypes, peers }: Status): number {
  const dead = backends.filter(({ deadLetters }) => deadLetters !== undefined && deadLetters.records > 0);
  const alarms = recovery.backends.reduce((sum, each) => sum + each.alarms.length, 0);
  const problems = peers.reduce((sum, peer) => sum + peer.problems.length, 0);
  const findings = recovery.check.findings.length > 0 ? 1 : 0;
  return dead.length + alarms + problems + findings + (fieldTypes.conflicts.length > 0 ? 1 : 0);
}

/** Of a reason, which begins with it. */
function wordOf(reason: string): string {
  return reason.split(":")[0] ?? "";
}

function allOf(servers: number): string {
  if (servers === 1) return "The server is";
  return servers === 2 ? "Both servers are" : `All ${servers} servers are`;
}

interface ReplicaSet {
  readonly name: string;
  readonly replicas: readonly string[];
}

/** Finds sets of replicas none of which is so. */
function setsWithout({ listeners, backends }: Status) {
  const known = new Map(backends.map((backend) => [backend.name, backend]));
  const sets = setsOf(listeners).filter(({ replicas }) => replicas.length > 0);
  return (isSo: (backend: PageBackend) => boolean) =>
    sets.filter(({ replicas }) =>
      replicas.every((name) => {
        const backend = known.get(name);
        return backend !== undefined && !isSo(backend);
      }),
    );
}

function setsOf(listeners: Status["listeners"]): ReplicaSet[] {
  return listeners.flatMap(({ name, replicas, sharding }) => {
    if (sharding === undefined) return [{ name, replicas }];
    return sharding.shards.map((shard) => ({
      name: `shard ${shard.name} of ${name}`,
      replicas: shard.replicas,
    }));
  });
}
