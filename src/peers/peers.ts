import { readTlsFiles } from "../backend/http-options.ts";
import type { AdminConfig } from "../config/config.ts";
import type { Log } from "../observe/log.ts";
import type { Platform, Timer } from "../platform.ts";
import { RepairedElsewhereError } from "../recovery/repair-lease.ts";
import { Peer } from "./peer.ts";
import type { PeerAnswer } from "./peer-answer.ts";
import { type PeerProblem, problemsBetween } from "./peer-problems.ts";
import { RemoteLease } from "./remote-lease.ts";
import { RepairClaims } from "./repair-claims.ts";

/** Between two questions to a peer, in milliseconds; twice as long after each one without an answer. */
const ASK_MS = 5_000;
const LONGEST_MS = 30_000;

const UNREACHABLE = "start it, or repair the way to it; or take it out of peers. It is asked again by itself";
const MISTRUST =
  "set peer-ca to the file of the authority that signed its certificate, which must be for the host in peers, and reload this relay";

/** A peer as `/status` shows it. */
export interface PeerStatus {
  /** `host:port`. */
  readonly name: string;
  /** Whether it answered the last time; false also if it was not asked yet. */
  readonly reachable: boolean;
  readonly lastSeenAtMs?: number;
  /** The hashes of its maps of shards, by listener, as it told them last. */
  readonly maps: Readonly<Record<string, string>>;
  readonly problems: readonly PeerProblem[];
}

interface PeersOptions {
  readonly platform: Pick<Platform, "clock" | "openHttp" | "random" | "readText">;
  readonly log: Log;
  /** What this relay tells of itself. */
  readonly self: () => Omit<PeerAnswer, "id">;
}

interface Watched {
  readonly peer: Peer;
  readonly signature: string;
  timer: Timer | undefined;
  /** Whether its maps of the shards were others when it was asked last. */
  differed: boolean;
  gone: boolean;
}

/** The other relays that share backends with this one: whether they agree with it, and who repairs what. */
export class Peers {
  readonly claims: RepairClaims;
  readonly #options: PeersOptions;
  #watched: Watched[] = [];
  #started = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { random } = options.platform;
    const id = [0, 1].map(() => Math.floor(random() * 2 ** 32).toString(36));
    this.claims = new RepairClaims(id.join(""));
  }

  /**
   * Takes over a config: peers that stay in it stay known.
   * @throws {RelayError} if the certificates of the authorities cannot be used.
   */
  apply(admin: AdminConfig | undefined): void {
    const before = this.#watched;
    // All of them before anything is changed: the file of the authorities may not be there.
    const wanted = (admin?.peers ?? []).map((origin) => {
      const { peerToken: token, peerCa } = admin as AdminConfig;
      const files = origin.startsWith("https:") ? { ca: peerCa } : {};
      const { ca } = readTlsFiles(files, this.#options.platform);
      const signature = JSON.stringify([origin, token?.reveal(), ca]);
      const known = before.find((watched) => watched.signature === signature);
      if (known !== undefined) return known;
      const peer = new Peer(origin, { token, ...(ca !== undefined && { ca }) }, this.#options.platform);
      return { peer, signature, timer: undefined, differed: false, gone: false };
    });
    this.#watched = wanted;
    for (const watched of before) if (!wanted.includes(watched)) this.#end(watched);
    if (this.#started) for (const watched of wanted) if (!before.includes(watched)) void this.#ask(watched);
  }

  start(): void {
    this.#started = true;
    for (const watched of this.#watched) void this.#ask(watched);
  }

  stop(): void {
    this.#started = false;
    for (const watched of this.#watched) this.#end(watched);
  }

  self(): PeerAnswer {
    return { id: this.claims.id, ...this.#options.self() };
  }

  status(): PeerStatus[] {
    return this.#watched.map(({ peer }) => {
      const { name, answer, error, lastSeenAtMs } = peer;
      const maps = (answer?.listeners ?? []).flatMap(({ name: listener, map }) =>
        map === undefined ? [] : [[listener, map.hash] as const],
      );
      return {
        ...{ name, reachable: answer !== undefined && error === undefined },
        ...(lastSeenAtMs !== undefined && { lastSeenAtMs }),
        ...{ maps: Object.fromEntries(maps), problems: this.#problemsOf(peer) },
      };
    });
  }

  /**
   * Keeps the peers from repairing a backend until the returned function is called; one that does not answer does not matter.
   * They are told which databases it lacks, because once those are made nobody can see that.
   * @throws {RepairedElsewhereError}
   */
  async leaseRepair(backend: string, lacking: readonly string[]): Promise<() => Promise<void>> {
    const wish = this.claims.wish(backend);
    if (wish === undefined) throw this.#elsewhere(this.claims.holderOf(backend));
    const asked = await Promise.all(
      this.#watched.map(async ({ peer }) => ({
        peer,
        answer: await peer.leaseRepair(backend, this.claims.id, lacking),
      })),
    );
    const end = async () => {
      wish.end();
      const leases = asked.map(({ answer }) => answer).filter((answer) => answer instanceof RemoteLease);
      // One that has ended already kept nobody from anything that is not safe.
      await Promise.all(leases.map((lease) => lease.release().catch(() => {})));
    };
    const refusal = asked.find(({ answer }) => answer === "refused");
    if (refusal === undefined && wish.settle()) return end;
    const holder = refusal?.peer.answer?.id ?? this.claims.holderOf(backend);
    await end();
    throw this.#elsewhere(holder);
  }

  #elsewhere(id: string | undefined): RepairedElsewhereError {
    const known = this.#watched.find(({ peer }) => id !== undefined && peer.answer?.id === id);
    return new RepairedElsewhereError(known === undefined ? "another relay" : `the relay ${known.peer.name}`);
  }

  async #ask(watched: Watched): Promise<void> {
    const { peer } = watched;
    const { clock } = this.#options.platform;
    await peer.ask();
    if (watched.gone) return;
    this.#tell(watched);
    const waitMs = Math.min(LONGEST_MS, ASK_MS * 2 ** Math.min(peer.failures, 20));
    watched.timer = clock.after(waitMs, () => void this.#ask(watched));
  }

  #tell(watched: Watched): void {
    const { log } = this.#options;
    const { peer } = watched;
    const problems = this.#problemsOf(peer);
    for (const { severity, kind, what, next } of problems) {
      const level = severity === "alarm" ? "error" : "warn";
      log.throttled(level, `peer-${kind}`, { peer: peer.name, what, next }, `peer-${kind} ${peer.name}`);
    }
    const differs = problems.some(({ kind }) => kind === "other-map");
    if (watched.differed && !differs) log.info("peer-map-agrees", { peer: peer.name });
    watched.differed = differs;
  }

  #problemsOf({ answer, error, distrusted }: Peer): PeerProblem[] {
    const unreachable: PeerProblem[] =
      error === undefined
        ? []
        : [
            {
              ...{ severity: "warning", kind: "unreachable", what: error },
              next: distrusted ? MISTRUST : UNREACHABLE,
            },
          ];
    return answer === undefined ? unreachable : [...unreachable, ...problemsBetween(this.self(), answer)];
  }

  #end(watched: Watched): void {
    watched.gone = true;
    watched.timer?.cancel();
    void watched.peer.close();
  }
}
