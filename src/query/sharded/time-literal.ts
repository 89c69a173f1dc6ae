import { SECOND, type Zone } from "./zone.ts";

/** What influxd takes for a time among strings; whether it is one shows when it is read. */
const LOOKS_LIKE = /^\d{4}-\d{2}-\d{2}(?:.+)?$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})?$/;

export const looksLikeTime = (text: string): boolean => LOOKS_LIKE.test(text);

/** Nanoseconds since 1970 of a time as InfluxQL writes it, in a zone if it names none; undefined if it is none. */
export function parseTime(text: string, zone: Zone | undefined): bigint | undefined {
  const date = DATE.exec(text);
  if (date !== null) return inZone(secondsOf(date, 0, 0, 0), zone);
  const found = DATE_TIME.exec(text);
  if (found === null) return undefined;
  const [, , , , hour, minute, second, fraction = "", offset] = found;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  // With T and no zone, or with a space and one, it has no form that influxd reads.
  if ((text[10] === "T") !== (offset !== undefined)) return undefined;
  const seconds = secondsOf(found, Number(hour), Number(minute), Number(second));
  if (seconds === undefined) return undefined;
  const nanoseconds = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  const whole = offset === undefined ? inZone(seconds, zone) : BigInt(seconds - offsetOf(offset)) * SECOND;
  return whole === undefined ? undefined : whole + nanoseconds;
}

function secondsOf(
  [, year, month, day]: RegExpExecArray,
  h: number,
  m: number,
  s: number,
): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return exists ? date.getTime() / 1000 + h * 3600 + m * 60 + s : undefined;
}

function offsetOf(text: string): number {
  if (text === "Z") return 0;
  const seconds = Number(text.slice(1, 3)) * 3600 + Number(text.slice(4, 6)) * 60;
  return text.startsWith("-") ? -seconds : seconds;
}

/** Of a time that does not exist or exists twice, when clocks are changed, the one that Go's clock finds. */
function inZone(local: number | undefined, zone: Zone | undefined): bigint | undefined {
  if (local === undefined) return undefined;
  if (zone === undefined) return BigInt(local) * SECOND;
  const guess = local - zone.offset(local);
  const offset = zone.offset(guess);
  return BigInt(local - offset) * SECOND;
}
