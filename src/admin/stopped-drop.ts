import { SpoolError } from "../errors.ts";
import type { BackendSpool } from "../spool/log.ts";
import { scopeKey, scopeOf } from "../spool/statement.ts";
import { isDelivered, laneKey, positionOf, readBetween, storePosition } from "../spool/undelivered.ts";
import { RememberedRanges } from "./remembered-ranges.ts";
import { LOGS, matcher, type Where } from "./spool-commands.ts";

/**
 * Gives up what is kept for some destinations of a backend that no relay delivers to just now: its ranges are
 * remembered as lost before the position passes it. Returns how many records that were.
 * @throws {SpoolError} when it cannot be read, unless all of it is to go.
 */
export async function dropKept(spool: BackendSpool, part: "backlog" | "held", where: Where): Promise<number> {
  const { facts } = spool;
  const log = spool[LOGS[part]];
  const position = positionOf(log, LOGS[part], facts);
  const matches = matcher(where);
  const ranges = new RememberedRanges(facts);
  const end = log.next;
  const lanes = new Map(position.lanes);
  const changes = new Map(position.changes);
  let dropped = 0;
  let firstLeft: number | undefined;
  let at = position.cursor;
  try {
    for await (const chunk of readBetween(log, at, end)) {
      at = chunk.next;
      if (chunk.damaged > 0) ranges.lost.addUnknown();
      for (const record of chunk.records) {
        if (isDelivered(position, record)) continue;
        const { db, rp } = record.destination;
        if (matches(record.destination)) {
          dropped++;
          ranges.add(ranges.lost, record);
          if (record.statement)
            changes.set(scopeKey(scopeOf(record)), { scope: scopeOf(record), place: end });
          else lanes.set(laneKey(db, rp), end);
        } else firstLeft ??= record.seq;
      }
    }
  } catch (error) {
    if (!(error instanceof SpoolError) || where.db !== undefined) throw error;
    ranges.lost.addUnknown();
    dropped += end - at;
  }
  const cursor = firstLeft ?? end;
  await ranges.store();
  await storePosition(facts, LOGS[part], { cursor, lanes, changes });
  log.trim(cursor);
  return dropped;
}
