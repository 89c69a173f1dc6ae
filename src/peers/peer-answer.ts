import * as v from "valibot";

/** Of one run of a relay. */
export const relayId = v.pipe(v.string(), v.regex(/^[\da-z]{1,40}$/, "must be the id of a relay"));

/** What a relay tells its peers of itself. Keys are added without notice. */
export const peerAnswerSchema = v.object({
  id: relayId,
  /** Names of its outputs. */
  backends: v.array(v.string()),
  listeners: v.array(
    v.object({
      name: v.string(),
      /** Absent if every replica gets every write. */
      map: v.optional(v.object({ version: v.number(), algorithm: v.string(), hash: v.string() })),
    }),
  ),
});

export type PeerAnswer = v.InferOutput<typeof peerAnswerSchema>;
export type PeerMap = NonNullable<PeerAnswer["listeners"][number]["map"]>;

/** A map as people compare it. */
export const mapText = (map: PeerMap | undefined): string =>
  map === undefined ? "no shards" : `${map.hash} (${map.algorithm}, version ${map.version})`;
