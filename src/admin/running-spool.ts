import type { Backend } from "../backend/backend.ts";
import type { HeldStatus } from "../backend/backend-status.ts";
import type { Kept } from "../spool/undelivered.ts";
import { verifyLog } from "../spool/verify.ts";
import { countMatching, reportFor, reportOf, showSome } from "./look.ts";
import { CommandError } from "./requests.ts";
import {
  type BackendReport,
  type Check,
  LOGS,
  matcher,
  type Part,
  type PartCheck,
  type Shown,
  type SpoolCommands,
  unknownBackend,
  type Where,
} from "./spool-commands.ts";

interface RunningSpoolOptions {
  /** All that the relay has now. */
  readonly backends: () => readonly Backend[];
  /** Names of all backends that something is stored for. */
  readonly stored: () => Promise<readonly string[]>;
}

/** What the backends of a running relay keep, on disk and in memory. */
export class RunningSpool implements SpoolCommands {
  readonly #options: RunningSpoolOptions;
  /** Backends with a command under way that changes or reads much. */
  readonly #busy = new Set<string>();

  constructor(options: RunningSpoolOptions) {
    this.#options = options;
  }

  async list(): Promise<BackendReport[]> {
    const backends = this.#options.backends();
    const names = new Set(backends.map(({ name }) => name));
    const orphans = (await this.#options.stored()).filter((name) => !names.has(name));
    const reports: BackendReport[] = orphans.map((name) => ({ name, orphan: true }));
    for (const backend of backends) reports.push(await report(backend));
    return reports.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async show(name: string, part: Part, limit: number): Promise<Shown> {
    return showSome(logsOf(await this.#backend(name), part), limit);
  }

  async verify(name: string): Promise<Check> {
    const { storage } = await this.#backend(name);
    if (storage === undefined) return { parts: [], factsIntact: true };
    return this.#alone(name, async () => {
      const parts: PartCheck[] = [];
      for (const part of ["backlog", "held", "dead"] as const) {
        parts.push({ part, ...(await verifyLog(storage[LOGS[part]])) });
      }
      return { parts, factsIntact: storage.facts.intact };
    });
  }

  async count(name: string, part: Part, where: Where): Promise<number> {
    const backend = await this.#backend(name);
    return this.#alone(name, () => countMatching(logsOf(backend, part), where));
  }

  async drop(name: string, part: Part, where: Where): Promise<number> {
    const backend = await this.#backend(name);
    const matches = matcher(where);
    return this.#alone(name, async () => {
      if (part !== "dead") return backend.drop(LOGS[part], matches);
      return (await backend.deadLetters?.forget(matches)) ?? 0;
    });
  }

  async replay(name: string, where: Where): Promise<number> {
    const backend = await this.#backend(name);
    return this.#alone(name, () => backend.replay(matcher(where)));
  }

  async #backend(name: string): Promise<Backend> {
    const backend = this.#options.backends().find((other) => other.name === name);
    if (backend !== undefined) return backend;
    if (!(await this.#options.stored()).includes(name)) throw unknownBackend(name);
    throw new CommandError(
      "conflict",
      `no output of the running relay has the name ${JSON.stringify(name)}: stop the relay to look into what is stored for it`,
    );
  }

  async #alone<T>(name: string, run: () => Promise<T>): Promise<T> {
    if (this.#busy.has(name)) {
      throw new CommandError("conflict", "another command is under way for this backend: try again later");
    }
    this.#busy.add(name);
    try {
      return await run();
    } finally {
      this.#busy.delete(name);
    }
  }
}

function report(backend: Backend): Promise<BackendReport> {
  return reportFor(backend.name, false, async () => {
    const { held, lost, suspect } = backend.status();
    const destinations = joined(held);
    const [backlog, holding, dead] = await Promise.all([
      reportOf(logsOf(backend, "backlog")),
      reportOf(logsOf(backend, "held")),
      reportOf(logsOf(backend, "dead")),
    ]);
    return { backlog, held: { ...holding, destinations }, dead, lost, suspect };
  });
}

/** Each user of a database and policy has a lane of his own, which may be empty. */
function joined(held: readonly HeldStatus[]): HeldStatus[] {
  const lanes = held.filter(({ records }) => records > 0);
  const byPlace = Map.groupBy(lanes, ({ db, rp }) => `${db}\0${rp}`);
  return [...byPlace.values()].map((users) => ({
    ...(users[0] as HeldStatus),
    records: users.reduce((sum, { records }) => sum + records, 0),
  }));
}

function logsOf(backend: Backend, part: Part): Kept[] {
  if (part !== "dead") return backend.kept(LOGS[part]);
  const { storage, deadLetters } = backend;
  if (storage === undefined || deadLetters === undefined) return [];
  const { first, records } = deadLetters;
  return [{ log: storage.dead, first, records, isPending: ({ seq }) => seq >= first }];
}
