import { size } from "../../observe/text.ts";
import type { Latency } from "./rates.ts";

/** So many a second. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond < 10) return `${perSecond.toFixed(1)}/s`;
  return `${countText(perSecond)}/s`;
}

export function byteRateText(perSecond: number): string {
  return `${size(Math.round(perSecond))}/s`;
}

/** With blanks between thousands. */
export function countText(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** What half of the requests and 99 of 100 did not exceed; `-` if nothing was measured. */
export function latencyText(latency: Latency | undefined): string {
  return latency === undefined ? "-" : `${secondsText(latency.half)} / ${secondsText(latency.most)}`;
}

/** The same for who does not know which is which. */
export function latencyWords(latency: Latency): string {
  return `${secondsText(latency.half)}, 99 % within ${secondsText(latency.most)}`;
}

function secondsText(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return ">\u00a030\u00a0s";
  return seconds < 1 ? `${seconds * 1_000}\u00a0ms` : `${seconds}\u00a0s`;
}

/** `1 write`, `2 writes`. */
export function counted(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? "" : "s"}`;
}
