import type { Backend } from "../backend/backend.ts";
import { OWN_DATABASE } from "../backend/own-database.ts";
import type { Clock } from "../platform.ts";
import { databasesIn } from "./field-types.ts";

/** Between two looks at a backend that came up or lacks a database, in milliseconds: only what both see is so. */
const SECOND_LOOK_MS = 3_000;
/** For as long as something is held, it is looked again after so long. */
const HELD_EVERY_MS = 30_000;
/** Whoever asks whether he may repair a backend does not wait longer than 2 s. */
const TOLD_LIMIT_MS = 1_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const NOT_FOUND = 404;
const REFUSED =
  "it does not tell its databases: if it asks for passwords, its output needs username and password of an admin";

/** Whoever has to be asked. */
interface Suspicion {
  /** Not before (monotonic). */
  at: number;
  /** Databases that were missing at the look before; undefined before the first. */
  first: ReadonlySet<string> | undefined;
  /** It was asked, and did not tell. */
  refused?: boolean;
}

/**
 * Notices backends that lack a database which their replicas have, as one that was rebuilt empty does: when one comes up,
 * at the start, and while writes are held because there is no such database. All of it counts as lost there.
 */
export class MissingDatabases {
  readonly #clock: Clock;
  readonly #suspicions = new Map<Backend, Suspicion>();
  /** Since when each one is up, as it was known last. */
  readonly #upSince = new Map<Backend, number>();
  readonly #heldAt = new Map<Backend, number>();
  #asking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins whatever is due. Each backend comes with its replicas. */
  look(sets: ReadonlyMap<Backend, readonly Backend[]>): void {
    const now = this.#clock.monotonic();
    for (const backend of sets.keys()) this.#suspect(backend, now);
    const due = [...this.#suspicions].find(([backend, { at }]) => sets.has(backend) && at <= now);
    if (due === undefined || this.#asking) return;
    this.#asking = true;
    const [backend, suspicion] = due;
    void this.#ask(backend, suspicion, sets.get(backend) ?? []).then(() => {
      this.#asking = false;
    });
  }

  /** Why it is not known yet whether a backend lacks something, in words; undefined if it is. */
  unknown(backend: Backend): string | undefined {
    const suspicion = this.#suspicions.get(backend);
    return suspicion && (suspicion.refused ? REFUSED : "it is asked first whether it lacks databases");
  }

  #suspect(backend: Backend, now: number): void {
    const { up, sinceMs } = backend.health;
    if (!up) {
      this.#suspicions.delete(backend);
      this.#upSince.delete(backend);
      return;
    }
    const cameUp = this.#upSince.get(backend) !== sinceMs;
    this.#upSince.set(backend, sinceMs);
    const lacks = backend.held.some(({ status }) => status === NOT_FOUND);
    const isDue = lacks && now - (this.#heldAt.get(backend) ?? Number.NEGATIVE_INFINITY) >= HELD_EVERY_MS;
    if (isDue) this.#heldAt.set(backend, now);
    if (cameUp || (isDue && !this.#suspicions.has(backend)))
      this.#suspicions.set(backend, { at: now, first: undefined });
  }

  async #ask(backend: Backend, suspicion: Suspicion, replicas: readonly Backend[]): Promise<void> {
    // What is on its way there may be the statement that makes it.
    const first = [...(suspicion.first ?? [])].filter((db) => !backend.isCatchingUp(db));
    const missing = await missingOn(backend, replicas);
    if (this.#suspicions.get(backend) !== suspicion) return;
    if (missing === undefined) {
      this.#suspicions.set(backend, {
        ...suspicion,
        at: this.#clock.monotonic() + SECOND_LOOK_MS,
        refused: true,
      });
    } else {
      const sure = missing.filter((db) => first.includes(db) && !backend.isCatchingUp(db));
      for (const db of sure) backend.handoff.lacksDatabase(db);
      if (sure.length === missing.length) this.#suspicions.delete(backend);
      else
        this.#suspicions.set(backend, {
          at: this.#clock.monotonic() + SECOND_LOOK_MS,
          first: new Set(missing),
        });
    }
  }
}

/**
 * Another relay says that a backend lacks these databases, and is about to make them: what is so, or cannot be found out in
 * time, counts as lost here too. It is looked at because that relay may only repeat what was repaired already.
 */
export async function noteMissing(
  backend: Backend,
  databases: readonly string[],
  clock: Clock,
): Promise<void> {
  if (databases.length === 0) return;
  const limit = Promise.withResolvers<undefined>();
  const timer = clock.after(TOLD_LIMIT_MS, () => limit.resolve(undefined));
  const there = await Promise.race([databasesOf(backend), limit.promise]);
  timer.cancel();
  for (const db of databases) if (!there?.includes(db)) backend.handoff.lacksDatabase(db);
}

/** Undefined if it does not tell. */
async function missingOn(backend: Backend, replicas: readonly Backend[]): Promise<string[] | undefined> {
  const own = await databasesOf(backend);
  if (own === undefined) return undefined;
  const others = await Promise.all(
    replicas.filter(({ health }) => health.up).map((replica) => databasesOf(replica)),
  );
  const there = others.flatMap((databases) => databases ?? []);
  return [...new Set(there)].filter((db) => !own.includes(db));
}

async function databasesOf(backend: Backend): Promise<string[] | undefined> {
  const answer = await backend.ask("SHOW DATABASES", MAX_ANSWER_BYTES);
  return answer?.status === 200 ? databasesIn(answer.body)?.filter((db) => db !== OWN_DATABASE) : undefined;
}
