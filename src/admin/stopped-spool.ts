import { heldStatus, rangeStatus } from "../backend/backend-status.ts";
import { DeadLetters } from "../backend/dead-letters.ts";
import type { SpoolConfig } from "../config/config.ts";
import { SpoolError } from "../errors.ts";
import { createLog, type Log } from "../observe/log.ts";
import type { Clock, LogSink, SpoolRoot } from "../platform.ts";
import { HELD, HeldReasons } from "../spool/held-reasons.ts";
import type { BackendSpool, NewRecord, SpoolLog } from "../spool/log.ts";
import { Spools } from "../spool/spools.ts";
import { statementRecord } from "../spool/statement.ts";
import { type Kept, keptIn, pendingOf } from "../spool/undelivered.ts";
import { verifyLog } from "../spool/verify.ts";
import type { Change, Write } from "../writer.ts";
import { countMatching, reportFor, reportOf, showSome } from "./look.ts";
import { RememberedRanges } from "./remembered-ranges.ts";
import {
  type BackendReport,
  type Check,
  type Contents,
  LOGS,
  matcher,
  type Part,
  type PartCheck,
  type Shown,
  type SpoolCommands,
  unknownBackend,
  type Where,
} from "./spool-commands.ts";
import { dropKept } from "./stopped-drop.ts";

interface StoppedSpoolOptions {
  readonly root: SpoolRoot;
  readonly config: SpoolConfig;
  /** The names of the config's backends. */
  readonly outputs: readonly string[];
  readonly clock: Clock;
  readonly log: LogSink;
}

/** A spool that no relay has open. */
export class StoppedSpool implements SpoolCommands {
  readonly #options: StoppedSpoolOptions;
  readonly #spools: Spools;
  readonly #stored: ReadonlyMap<string, BackendSpool>;
  readonly #log: Log;

  private constructor(
    options: StoppedSpoolOptions,
    spools: Spools,
    stored: ReadonlyMap<string, BackendSpool>,
    log: Log,
  ) {
    this.#options = options;
    this.#spools = spools;
    this.#stored = stored;
    this.#log = log;
  }

  /**
   * Opens what is stored for every backend. If the last owner ended so that something may be missing, that is
   * written down first: closed by this one, the spool does not tell the next one any more.
   * @throws {SpoolError} Then `root` is left to the end of the process if it still has that to tell.
   */
  static async open(options: StoppedSpoolOptions): Promise<StoppedSpool> {
    const { root, config, clock } = options;
    const log = createLog(options.log, clock);
    const stored = new Map<string, BackendSpool>();
    try {
      const spools = await Spools.open({ root, config, clock, log });
      for (const name of await spools.names()) {
        const spool = await spools.backend(name);
        stored.set(name, spool);
        if (spool.doubtful || !spool.facts.intact) await rememberDoubt(spool);
      }
      return new StoppedSpool(options, spools, stored, log);
    } catch (error) {
      for (const spool of stored.values()) await close(spool).catch(() => undefined);
      if (root.lastEnd !== "lost") await root.close();
      throw error;
    }
  }

  async list(): Promise<BackendReport[]> {
    const { outputs } = this.#options;
    const reports: BackendReport[] = [];
    for (const name of new Set([...outputs, ...this.#stored.keys()])) {
      reports.push(await reportFor(name, !outputs.includes(name), () => this.#contents(name)));
    }
    return reports.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async show(name: string, part: Part, limit: number): Promise<Shown> {
    return showSome(await this.#kept(name, part), limit);
  }

  async verify(name: string): Promise<Check> {
    const spool = this.#find(name);
    if (spool === undefined) return { parts: [], factsIntact: true };
    const parts: PartCheck[] = [];
    for (const part of ["backlog", "held", "dead"] as const) {
      parts.push({ part, ...(await verifyLog(spool[LOGS[part]])) });
    }
    return { parts, factsIntact: spool.facts.intact };
  }

  async count(name: string, part: Part, where: Where): Promise<number> {
    return countMatching(await this.#kept(name, part), where);
  }

  async drop(name: string, part: Part, where: Where): Promise<number> {
    const spool = this.#find(name);
    if (spool === undefined) return 0;
    if (part !== "dead") return dropKept(spool, part, where);
    return this.#deadLetters(name, spool).forget(matcher(where));
  }

  async replay(name: string, where: Where): Promise<number> {
    const spool = this.#find(name);
    if (spool === undefined) return 0;
    const { main, hold } = spool;
    // The oldest would be given up first: they count as accepted just now.
    const ranMs = Math.max(main.lastRanMs, hold.lastRanMs);
    const timeMs = this.#options.clock.now();
    const put = ({ destination, body, closed }: Write) =>
      append(main, { destination, body, closed, ranMs, timeMs, note: "" });
    const putChange = (change: Change) => append(main, { ...statementRecord(change), ranMs, timeMs });
    return this.#deadLetters(name, spool).take(matcher(where), put, putChange);
  }

  /** Gives the spool back. */
  async close(): Promise<void> {
    for (const spool of this.#stored.values()) await close(spool);
    await this.#spools.close();
  }

  /** What is stored for a backend; undefined if that is nothing. */
  #find(name: string): BackendSpool | undefined {
    const spool = this.#stored.get(name);
    if (spool === undefined && !this.#options.outputs.includes(name)) throw unknownBackend(name);
    return spool;
  }

  async #kept(name: string, part: Part): Promise<Kept[]> {
    const spool = this.#find(name);
    return spool === undefined ? [] : [await keptIn(spool[LOGS[part]], LOGS[part], spool.facts)];
  }

  async #contents(name: string): Promise<Omit<Contents, "omitted">> {
    const [backlog, held, dead] = await Promise.all([
      this.#kept(name, "backlog"),
      this.#kept(name, "held"),
      this.#kept(name, "dead"),
    ]);
    const ranges = this.#ranges(name);
    return {
      backlog: await reportOf(backlog),
      held: { ...(await reportOf(held)), destinations: await this.#heldDestinations(name, held) },
      dead: await reportOf(dead),
      lost: ranges?.lost.list().map(rangeStatus) ?? [],
      suspect: ranges?.suspect.list().map(rangeStatus) ?? [],
    };
  }

  #ranges(name: string): RememberedRanges | undefined {
    const spool = this.#find(name);
    return spool && new RememberedRanges(spool.facts);
  }

  async #heldDestinations(name: string, held: readonly Kept[]): Promise<Contents["held"]["destinations"]> {
    const reasons = new HeldReasons();
    reasons.restore(this.#find(name)?.facts.get(HELD));
    const records = new Map<string, number>();
    for (const kept of held) {
      for await (const { destination } of pendingOf(kept)) {
        const key = `${destination.db}\0${destination.rp}`;
        records.set(key, (records.get(key) ?? 0) + 1);
      }
    }
    return [...records].map(([key, count]) => heldStatus({ keys: [key], records: count }, reasons));
  }

  #deadLetters(name: string, { dead, facts }: BackendSpool): DeadLetters {
    const { config, clock } = this.#options;
    const maxBytes = () => config.deadLetterMaxSize;
    return new DeadLetters({
      ...{ backend: name, log: dead, facts, maxBytes, clock },
      ranMs: () => dead.lastRanMs,
      events: this.#log,
    });
  }
}

/** What is sent again may overtake what was delivered: the relay would remember it when it delivers it. */
async function rememberDoubt(spool: BackendSpool): Promise<void> {
  const { facts } = spool;
  const ranges = new RememberedRanges(facts);
  try {
    for (const name of ["main", "hold"] as const) {
      for await (const record of pendingOf(await keptIn(spool[name], name, facts))) {
        ranges.add(ranges.suspect, record);
      }
    }
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    ranges.suspect.addUnknown();
  }
  await ranges.store();
}

function append(log: SpoolLog, record: NewRecord): Promise<void> {
  return new Promise((resolve, reject) => {
    log.append(record, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function close({ main, hold, dead, facts }: BackendSpool): Promise<void> {
  await Promise.all([main.close(), hold.close(), dead.close()]);
  await facts.close();
}
