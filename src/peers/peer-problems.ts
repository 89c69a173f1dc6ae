import { mapText, type PeerAnswer } from "./peer-answer.ts";

/** Something about a peer that a person should know, as `/status` shows it. */
export interface PeerProblem {
  /** `alarm`: data goes to wrong servers, or is not found. `warning`: something cannot be checked. */
  readonly severity: "alarm" | "warning";
  readonly kind: "unreachable" | "itself" | "other-map" | "no-such-listener" | "no-common-output";
  readonly what: string;
  /** What to do about it. */
  readonly next: string;
}

const SAME_MAP =
  "make shard-by, pin, pin-prefix and the names and weights of the shards the same at all relays, and reload them; " +
  "until then points of some keys go to other servers, and queries miss them";

/** What is wrong between a relay and one that it names as its peer. */
export function problemsBetween(own: PeerAnswer, peer: PeerAnswer): PeerProblem[] {
  if (own.id === peer.id) {
    return [
      {
        severity: "warning",
        kind: "itself",
        what: "it is this relay itself",
        next: "take it out of peers: they are the other relays only",
      },
    ];
  }
  return [...mapProblems(own, peer), ...outputProblems(own, peer)];
}

function mapProblems({ listeners }: PeerAnswer, peer: PeerAnswer): PeerProblem[] {
  return listeners.flatMap(({ name, map }): PeerProblem[] => {
    const listener = JSON.stringify(name);
    const theirs = peer.listeners.find((other) => other.name === name);
    if (theirs === undefined) {
      if (map === undefined) return [];
      const what = `it has no listener ${listener}, so its map of the shards cannot be compared`;
      const next = "give the listeners of the same shards the same name at all relays";
      return [{ severity: "warning", kind: "no-such-listener", what, next }];
    }
    if (mapText(map) === mapText(theirs.map)) return [];
    const what = `listener ${listener} has another map of the shards there: ${mapText(theirs.map)}; here: ${mapText(map)}`;
    return [{ severity: "alarm", kind: "other-map", what, next: SAME_MAP }];
  });
}

function outputProblems({ backends }: PeerAnswer, peer: PeerAnswer): PeerProblem[] {
  if (backends.length === 0 || backends.some((name) => peer.backends.includes(name))) return [];
  const what =
    "none of its outputs has the name of one here, so the two do not know when they repair the same server";
  const next = "give the outputs of a server the same name at all relays";
  return [{ severity: "warning", kind: "no-common-output", what, next }];
}
