import type { ShardKeyPart } from "../config/config.ts";
import { formatPin, formatShardKeyPart } from "../config/shard-key.ts";
import { ShardMap, type ShardMapConfig } from "../shard/map.ts";
import { type Amount, type KeyAmount, type Move, Moves, type Share, Spread } from "../shard/plan.ts";
import { readable } from "./bytes.ts";
import { ServerError } from "./errors.ts";
import { type Found, fieldsNamedAs, type KeyScope, readKeys } from "./key-counts.ts";
import { inParallel } from "./parallel.ts";
import type { Server } from "./server.ts";

/** Servers that are asked at a time. */
const AT_A_TIME = 4;
/** The largest keys that a report names. */
const LARGEST = 20;
/** Misplaced data that a report names; the rest is only counted. */
const MAX_MISPLACED = 1_000;
/** Measurements that a notice names. */
const MAX_NAMED = 5;

/** A report is for people and for JSON: its names are text. */
interface Common {
  /** What was asked. */
  readonly servers: readonly string[];
  readonly databases: readonly string[];
  readonly shardBy: readonly string[];
  /** False if there were too many keys: their numbers are estimates, and the largest ones have at least what is said. */
  readonly exactKeys: boolean;
  /** False if only series were counted. */
  readonly pointsCounted: boolean;
  readonly total: KeyAmount;
  readonly notices: readonly string[];
}

export interface SpreadReport extends Common {
  readonly map: string;
  /** In the order of the config. */
  readonly shards: readonly (Share & { readonly weight: number })[];
  /** What lacks a tag that is part of the key; undefined where no tag is. */
  readonly withoutTag: Amount | undefined;
  readonly largest: readonly (Amount & { readonly key: string; readonly shard: string })[];
}

export interface MoveReport extends Common {
  /** Hashes of the maps. */
  readonly before: string;
  readonly after: string;
  readonly moved: KeyAmount;
  readonly moves: readonly Move[];
  /** What each shard has by the map before and after, in keys, series and points. */
  readonly shards: readonly {
    readonly shard: string;
    readonly before: KeyAmount;
    readonly after: KeyAmount;
  }[];
  readonly largest: readonly (Amount & {
    readonly key: string;
    readonly from: string;
    readonly to: string;
  })[];
}

export interface Misplaced {
  readonly server: string;
  readonly shard: string;
  readonly db: string;
  readonly measurement: string;
  /** As a pin names it. */
  readonly key: string;
  /** The shard that it belongs to. */
  readonly belongsTo: string;
  readonly series: number;
}

export interface PlacementReport {
  readonly ok: boolean;
  readonly map: string;
  readonly shardBy: readonly string[];
  readonly servers: readonly {
    readonly server: string;
    readonly shard: string;
    readonly series: number;
    readonly misplacedSeries: number;
    /** Databases that other servers have. */
    readonly missingDatabases: readonly string[];
    /** Why it could not be asked, or not to the end. */
    readonly failed: string | undefined;
  }[];
  readonly misplaced: readonly Misplaced[];
  /** Series that are misplaced and not in the list. */
  readonly omittedSeries: number;
}

/**
 * How the data of servers would spread over the shards of a map. Each server has other data than the others.
 * @throws {ServerError}
 */
export async function previewShards(
  servers: readonly Server[],
  config: ShardMapConfig,
  scope: KeyScope,
  signal: AbortSignal,
  maxKeys?: number,
): Promise<SpreadReport> {
  const map = new ShardMap(config);
  const spread = new Spread(map, maxKeys);
  const tagged = config.by.some(({ kind }) => kind === "tag");
  const untagged = { series: 0, points: 0 };
  const { databases, notices } = await readAll(servers, [config.by], scope, signal, ({ keys, ...amount }) => {
    const [key] = keys;
    if (key === undefined) return;
    spread.add(key, amount);
    if (!tagged || !lacksTag(config.by, key.text)) return;
    untagged.series += amount.series;
    untagged.points += amount.points;
  });
  const shares = spread.shares();
  return {
    ...common(servers, databases, config.by, spread.tally.exact, scope, notices),
    map: map.hash,
    total: sum(shares),
    shards: shares.map((share, i) => ({ ...share, weight: config.shards[i]?.weight ?? 1 })),
    withoutTag: tagged ? untagged : undefined,
    largest: spread.tally.largest(LARGEST).map(({ text, group, series, points }) => ({
      ...{ key: keyText(config.by, text), shard: map.shards[group] as string, series, points },
    })),
  };
}

/**
 * What would move when the map of a listener becomes another one. The servers are one of each shard.
 * @throws {ServerError}
 */
export async function planShards(
  servers: readonly Server[],
  [before, after]: readonly [ShardMapConfig, ShardMapConfig],
  scope: KeyScope,
  signal: AbortSignal,
  maxKeys?: number,
): Promise<MoveReport> {
  const [mapBefore, mapAfter] = [new ShardMap(before), new ShardMap(after)];
  const moves = new Moves(mapBefore, mapAfter, maxKeys);
  const bys = [before.by, after.by];
  const { databases, notices } = await readAll(servers, bys, scope, signal, ({ keys, ...amount }) => {
    const [old, next] = keys;
    if (old !== undefined && next !== undefined) moves.add(old, next, amount);
  });
  const all = moves.all();
  const moved = all.filter(({ from, to }) => from !== to);
  const names = [...new Set([...mapBefore.shards, ...mapAfter.shards])];
  return {
    ...common(servers, databases, before.by, moves.tally.exact, scope, notices),
    before: mapBefore.hash,
    after: mapAfter.hash,
    total: sum(all),
    moved: sum(moved),
    moves: moved,
    shards: names.map((shard) => ({
      shard,
      before: sum(all.filter(({ from }) => from === shard)),
      after: sum(all.filter(({ to }) => to === shard)),
    })),
    largest: moves.tally
      .largest(LARGEST, (group) => moves.isMove(group))
      .map(({ text, group, series, points }) => ({
        ...{ key: keyText(before.by, text), ...moves.way(group), series, points },
      })),
  };
}

/**
 * What is on servers of a shard that the map gives to another one. All servers of all shards are asked; one that cannot
 * be is told in the report.
 */
export async function checkShards(
  servers: readonly { readonly server: Server; readonly shard: string }[],
  config: ShardMapConfig,
  db: string | undefined,
  signal: AbortSignal,
): Promise<PlacementReport> {
  const map = new ShardMap(config);
  const found = servers.map(() => ({ series: 0, misplaced: 0, databases: [] as string[], failed: "" }));
  const list = new Map<string, Misplaced & { series: number }>();
  let omittedSeries = 0;
  await inParallel(servers.entries(), AT_A_TIME, async ([i, { server, shard }]) => {
    const own = found[i] as (typeof found)[number];
    const add = ({ db, measurement, keys }: Found): void => {
      const [key] = keys;
      own.series++;
      const belongsTo = key && map.shards[map.ownerOfKey(key.bytes, key.bytes.length)];
      if (key === undefined || belongsTo === undefined || belongsTo === shard) return;
      own.misplaced++;
      const id = JSON.stringify([i, db, measurement, key.text]);
      const known = list.get(id);
      if (known !== undefined) known.series++;
      else if (list.size >= MAX_MISPLACED) omittedSeries++;
      else {
        const names = {
          db: readable(db),
          measurement: readable(measurement),
          key: keyText(map.by, key.text),
        };
        list.set(id, { server: server.name, shard, ...names, belongsTo, series: 1 });
      }
    };
    try {
      own.databases = await readKeys(server, [map.by], { db, points: undefined }, add, signal);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      own.failed = error.words;
    }
  });
  const databases = [...new Set(found.flatMap((one) => one.databases))];
  const reports = servers.map(({ server, shard }, i) => {
    const { series, misplaced, databases: own, failed } = found[i] as (typeof found)[number];
    const missing = failed === "" ? databases.filter((name) => !own.includes(name)).map(readable) : [];
    return {
      ...{ server: server.name, shard, series, misplacedSeries: misplaced, missingDatabases: missing },
      failed: failed === "" ? undefined : failed,
    };
  });
  const fine = reports.every(
    ({ misplacedSeries, missingDatabases, failed }) =>
      misplacedSeries === 0 && missingDatabases.length === 0 && failed === undefined,
  );
  return {
    ...{ ok: fine, map: map.hash, shardBy: map.by.map(formatShardKeyPart), servers: reports },
    ...{ misplaced: [...list.values()], omittedSeries },
  };
}

async function readAll(
  servers: readonly Server[],
  bys: readonly (readonly ShardKeyPart[])[],
  scope: KeyScope,
  signal: AbortSignal,
  found: (one: Found) => void,
): Promise<{ databases: string[]; notices: string[] }> {
  const databases = new Set<string>();
  const same = new Map<string, Set<string>>();
  await inParallel(servers, AT_A_TIME, async (server) => {
    const own = await readKeys(server, bys, scope, found, signal);
    for (const db of own) databases.add(readable(db));
    for (const { db, measurement, field } of await fieldsNamedAs(server, bys.flat(), own, signal)) {
      const places = same.get(field) ?? new Set();
      same.set(field, places.add(`${readable(db)}.${readable(measurement)}`));
    }
  });
  const notices = [...same].map(([field, places]) => {
    const named = [...places].slice(0, MAX_NAMED).join(", ");
    const more = places.size > MAX_NAMED ? ` and ${places.size - MAX_NAMED} more` : "";
    return `a field is named ${readable(field)} as the tag, in ${named}${more}: a query that compares it is taken for one about the tag`;
  });
  return { databases: [...databases].sort(), notices };
}

const common = (
  servers: readonly Server[],
  databases: readonly string[],
  by: readonly ShardKeyPart[],
  exactKeys: boolean,
  { points }: KeyScope,
  notices: readonly string[],
): Omit<Common, "total"> => ({
  servers: servers.map(({ name }) => name),
  databases,
  shardBy: by.map(formatShardKeyPart),
  exactKeys,
  pointsCounted: points !== undefined,
  notices,
});

function sum(amounts: readonly KeyAmount[]): KeyAmount {
  const total = { keys: 0, series: 0, points: 0 };
  for (const { keys, series, points } of amounts) {
    total.keys += keys;
    total.series += series;
    total.points += points;
  }
  return total;
}

const lacksTag = (by: readonly ShardKeyPart[], text: string): boolean =>
  text.split("\0").some((value, i) => value === "" && by[i]?.kind === "tag");

/** As a pin of the config names the key. */
const keyText = (by: readonly ShardKeyPart[], text: string): string =>
  formatPin(by.length === 1 ? [readable(text)] : text.split("\0").map(readable), by.length);
