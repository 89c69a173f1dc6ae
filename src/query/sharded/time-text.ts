import type { ByteSink } from "./byte-sink.ts";
import { type Zone, zoneOf } from "./zone.ts";

/**
 * A time of 64 bits in two numbers: whole seconds since 1970, and nanoseconds. Before 1970 both are negative, or zero.
 */
export interface TimeParts {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export function timeParts(ns: bigint): TimeParts {
  return { seconds: Number(ns / 1_000_000_000n), nanoseconds: Number(ns % 1_000_000_000n) };
}

/** Prints times as influxd does for a value of `epoch`, or as RFC 3339 in a zone if that is undefined. */
export type TimePrinter = (seconds: number, nanoseconds: number, sink: ByteSink) => void;

/** @param epoch trimmed; influxd takes what it does not know for nanoseconds */
export function timePrinter(epoch: string, zoneName: string | undefined): TimePrinter {
  switch (epoch) {
    case "":
      return rfc3339(zoneOf(zoneName));
    case "u":
      return (seconds, nanoseconds, sink) => sink.text(joined(seconds, Math.trunc(nanoseconds / 1e3), 6));
    case "ms":
      return (seconds, nanoseconds, sink) => sink.text(joined(seconds, Math.trunc(nanoseconds / 1e6), 3));
    case "s":
      return (seconds, _, sink) => sink.text(String(seconds + 0));
    case "m":
      return (seconds, _, sink) => sink.text(String(Math.trunc(seconds / 60) + 0));
    case "h":
      return (seconds, _, sink) => sink.text(String(Math.trunc(seconds / 3600) + 0));
    default:
      return (seconds, nanoseconds, sink) => sink.text(joined(seconds, nanoseconds, 9));
  }
}

function joined(seconds: number, part: number, digits: number): string {
  if (seconds === 0) return String(part + 0);
  const padded = String(Math.abs(part)).padStart(digits, "0");
  return seconds + padded;
}

function rfc3339(zone: Zone | undefined): TimePrinter {
  let minute = Number.NaN;
  let text = "";
  let offset = 0;
  let suffix = "Z";
  return (seconds, nanoseconds, sink) => {
    const back = nanoseconds < 0 ? 1 : 0;
    const whole = seconds - back;
    const fraction = nanoseconds + back * 1e9;
    // Long ago clocks differed by seconds too, which the offset behind a time does not tell.
    const now = zone?.offset(whole) ?? 0;
    const local = whole + now;
    const at = Math.floor(local / 60);
    if (at !== minute || now !== offset) {
      minute = at;
      offset = now;
      text = new Date(at * 60_000).toISOString().slice(0, 17);
      suffix = offset === 0 ? "Z" : offsetText(offset);
    }
    sink.text(`"${text}${pair(local - at * 60)}${fractionText(fraction)}${suffix}"`);
  };
}

const pair = (value: number): string => (value < 10 ? `0${value}` : String(value));

function fractionText(nanoseconds: number): string {
  if (nanoseconds === 0) return "";
  return `.${String(nanoseconds).padStart(9, "0").replace(/0+$/, "")}`;
}

function offsetText(seconds: number): string {
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  return `${seconds < 0 ? "-" : "+"}${pair(Math.floor(minutes / 60))}:${pair(minutes % 60)}`;
}
