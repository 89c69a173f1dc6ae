import * as v from "valibot";

/**
 * What `/status` answers, as JSON. docs/status.schema.json is made from it. Whoever reads a status must expect keys that
 * are not here yet: they are added without notice, and none is taken away or gets another meaning.
 */

/** With what it means, for the reader of the document. */
function about<const TSchema extends v.GenericSchema>(meaning: string, schema: TSchema) {
  return v.pipe(schema, v.description(meaning));
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const timeMs = v.pipe(v.number(), v.description("Milliseconds since 1970."));
const amount = v.strictObject({ records: count, bytes: count });
const counts = v.record(v.string(), count);

const range = v.strictObject({
  db: about('"*" stands for any.', v.string()),
  rp: about('Empty for the default policy; "*" stands for any.', v.string()),
  min: about("Nanoseconds since 1970.", v.string()),
  max: about("Nanoseconds since 1970; it belongs to the range.", v.string()),
});

const requests = v.strictObject({
  stored: count,
  rejected: count,
  "not-ready": count,
  overloaded: count,
  unreachable: count,
});

export const backendStatusSchema = v.strictObject({
  name: v.string(),
  state: about(
    "down: it does not answer. behind: it answers, and lacks something just now.",
    v.picklist(["up", "behind", "down"]),
  ),
  inSync: about("Whether it should get queries.", v.boolean()),
  reasons: about(
    "Why it is not in sync. Each begins with down, drained, behind, held, lost or suspect.",
    v.array(v.string()),
  ),
  staleSeconds: about("How long ago it was in sync, as far as the process knows; 0 while it is.", count),
  drained: about("Who took it out of queries.", v.array(v.strictObject({ by: v.string(), atMs: timeMs }))),
  keptOn: about("Where what it lacks is kept.", v.picklist(["memory", "disk"])),
  drainBytesPerSecond: about("How fast it gets what it missed, at most.", count),
  version: about("Of InfluxDB, once it has told.", v.optional(v.string())),
  backlog: about("All that it lacks, what is held included.", amount),
  lanes: about("Databases and policies with something on the way.", count),
  held: about(
    "What it is not ready for, and what it answered last.",
    v.array(
      v.strictObject({
        db: v.string(),
        rp: v.string(),
        records: count,
        status: v.optional(count),
        error: v.optional(v.string()),
        atMs: v.optional(timeMs),
      }),
    ),
  ),
  lost: about("Where writes for it were dropped.", v.array(range)),
  suspect: about("Where it may differ from its replicas.", v.array(range)),
  requests: about("Requests by outcome since the start.", requests),
  writes: about("Writes that the requests carried; one that was sent again counts again.", count),
  queries: about(
    "Queries that it is answering, and that it was asked since the start.",
    v.strictObject({ running: count, asked: count }),
  ),
  counters: about("Since the start.", counts),
  deadLetters: about(
    "What was given up; absent where nothing is kept on disk.",
    v.optional(v.strictObject({ ...amount.entries, added: count, dropped: count, notStored: count })),
  ),
});

const sharding = v.strictObject({
  map: about(
    "Relays that share their servers must show the same one.",
    v.strictObject({ version: count, algorithm: v.string(), hash: v.string() }),
  ),
  by: about("What a point's key is made of.", v.array(v.string())),
  shards: v.array(
    v.strictObject({
      name: v.string(),
      weight: v.number(),
      replicas: v.array(v.string()),
      writes: count,
      lines: count,
      bytes: count,
    }),
  ),
});

const listener = v.strictObject({
  name: v.string(),
  consistency: v.picklist(["any", "one", "quorum", "all"]),
  replicas: about("Names of its backends.", v.array(v.string())),
  counters: about("Since the start.", counts),
  queries: about("What became of its queries since the start.", counts),
  sharding: about("Absent if every replica gets every write.", v.optional(sharding)),
});

const udp = v.strictObject({
  name: v.string(),
  to: about(
    "The listener whose outputs get the lines; absent if datagrams are sent on.",
    v.optional(v.string()),
  ),
  kernelDrops: about("Datagrams that the kernel dropped, where it tells.", v.optional(count)),
  datagrams: v.strictObject({
    received: count,
    forwarded: count,
    waiting: v.optional(count),
    waitingBytes: v.optional(count),
    batches: about("Of a listener that writes over HTTP: its writes by outcome.", v.optional(requests)),
    lines: count,
    dropped: about("By reason.", counts),
    outputs: about(
      "Of a listener that sends datagrams on.",
      v.optional(
        v.array(
          v.strictObject({ name: v.string(), sent: count, failed: count, queueFull: count, tooLong: count }),
        ),
      ),
    ),
  }),
});

const fieldTypes = v.strictObject({
  checkedAtMs: about("When the last check ended, in milliseconds since 1970.", v.optional(v.number())),
  conflicts: v.array(
    v.strictObject({
      db: v.string(),
      measurement: v.string(),
      field: v.string(),
      types: about("By backend.", v.record(v.string(), v.array(v.string()))),
    }),
  ),
  omitted: about("Conflicts that are not shown.", count),
  skipped: about("Questions that no backend answered usably.", count),
});

const finding = v.strictObject({
  db: v.string(),
  rp: v.string(),
  measurement: v.string(),
  start: about("Nanoseconds since 1970.", v.string()),
  end: about("Nanoseconds since 1970; it does not belong to it.", v.string()),
  points: about("By backend.", v.record(v.string(), count)),
});

const recovery = v.strictObject({
  mode: about("manual: nothing is copied by itself.", v.picklist(["auto", "manual"])),
  backends: v.array(
    v.strictObject({
      name: v.string(),
      state: about(
        "repairing: what it lacks is copied from a replica. comparing: both may differ, so nothing is copied.",
        v.picklist(["idle", "waiting", "repairing", "comparing"]),
      ),
      waiting: about("For what.", v.optional(v.string())),
      from: about("The replica that it is compared with just now.", v.optional(v.string())),
      progress: v.optional(
        v.strictObject({
          phase: v.picklist(["comparing", "copying"]),
          done: about("Measurements and windows of time.", count),
          total: count,
          points: about("That were copied.", count),
          pointsToCopy: about("As far as it is known.", count),
          pointsPerSecond: count,
          leftSeconds: v.optional(count),
        }),
      ),
      alarms: about(
        "Differences of which a person has to say what is right.",
        v.array(
          v.strictObject({
            db: about('"*" stands for any.', v.string()),
            from: about("The replica that it differs from.", v.string()),
            what: v.string(),
            bothDiffer: about("The replica may be the one that is wrong.", v.boolean()),
            command: about("The arguments of influxdb-relay that show it.", v.array(v.string())),
            atMs: timeMs,
          }),
        ),
      ),
      last: about(
        "What was done last, since the start.",
        v.optional(
          v.strictObject({
            kind: v.picklist(["repair", "compare"]),
            from: v.string(),
            db: v.string(),
            result: v.picklist(["equal", "different", "failed"]),
            points: about("That were copied.", count),
            seconds: count,
            endedAtMs: timeMs,
            error: v.optional(v.string()),
          }),
        ),
      ),
    }),
  ),
  check: about(
    "Of the numbers of points, on a schedule.",
    v.strictObject({
      running: v.boolean(),
      endedAtMs: about("Of the last one, in milliseconds since 1970.", v.optional(v.number())),
      findings: about("What replicas did not have alike, twice.", v.array(finding)),
      omitted: about("Findings that are not shown.", count),
      skipped: about("Pairs of servers that could not be compared.", count),
      error: about("Why, the last time.", v.optional(v.string())),
    }),
  ),
});

const peer = v.strictObject({
  name: about("host:port of its admin listener.", v.string()),
  reachable: about("Whether it answered the last time.", v.boolean()),
  lastSeenAtMs: about("When it answered last, in milliseconds since 1970.", v.optional(v.number())),
  maps: about(
    "The hashes of its maps of shards by listener, as it told them last.",
    v.record(v.string(), v.string()),
  ),
  problems: v.array(
    v.strictObject({
      severity: about(
        "alarm: data goes to wrong servers, or is not found. warning: something cannot be checked.",
        v.picklist(["alarm", "warning"]),
      ),
      kind: v.picklist(["unreachable", "itself", "other-map", "no-such-listener", "no-common-output"]),
      what: v.string(),
      next: about("What to do about it.", v.string()),
    }),
  ),
});

const processStatus = v.strictObject({
  runtime: v.picklist(["node", "deno"]),
  listeners: v.array(listener),
  udp: v.array(udp),
  waiting: about(
    "Bodies whose clients wait for an answer, and writes refused because there were too many.",
    v.strictObject({ bytes: count, refused: count }),
  ),
  backends: v.array(backendStatusSchema),
  removed: about(
    "Backends that left the config while they still lacked something.",
    v.array(backendStatusSchema),
  ),
  fieldTypes: about("Fields that replicas store with different types.", fieldTypes),
  recovery: about("What is done by itself about backends that differ from their replicas.", recovery),
  peers: about("The other relays that share backends with this one.", v.array(peer)),
});

const isolateStatus = v.strictObject({
  runtime: v.literal("workers"),
  scope: v.string(),
  listeners: v.array(listener),
  backends: v.array(
    v.strictObject({
      name: v.string(),
      version: v.optional(v.string()),
      backlog: amount,
      keeper: about("What its Durable Object says of itself.", v.optional(backendStatusSchema)),
      requests,
      counters: counts,
    }),
  ),
});

/** The answer of `/status`: of a process, or of an isolate on Cloudflare Workers. */
export const statusSchema = v.variant("runtime", [processStatus, isolateStatus]);

export type Status = v.InferOutput<typeof processStatus>;
