import type { Platform } from "../platform.ts";

/** 100 ns intervals between 1582-10-15, where the time of a UUID starts, and 1970. */
const GREGORIAN_OFFSET = 0x01b21dd213814000n;

/**
 * Makes ids for requests that bring none: UUIDs of version 1 (RFC 9562 section 5.1), as InfluxDB's. The clock
 * sequence counts requests, so ids of one millisecond differ too.
 */
export function createRequestIds(platform: Pick<Platform, "clock" | "random">): () => string {
  const node = randomNode(platform);
  let sequence = Math.floor(platform.random() * 0x4000);
  let lastMs = -1;
  let time = "";
  return () => {
    const ms = Math.floor(platform.clock.now());
    if (ms !== lastMs) {
      lastMs = ms;
      time = timeFields(ms);
    }
    sequence = (sequence + 1) & 0x3fff;
    return `${time}-${(0x8000 | sequence).toString(16)}-${node}`;
  };
}

function timeFields(ms: number): string {
  const hex = (BigInt(ms) * 10_000n + GREGORIAN_OFFSET).toString(16).padStart(16, "0");
  return `${hex.slice(8)}-${hex.slice(4, 8)}-1${hex.slice(1, 4)}`;
}

/** 48 random bits; the multicast bit says that it is no hardware address (RFC 9562 section 6.10). */
function randomNode(platform: Pick<Platform, "random">): string {
  const bytes = Array.from({ length: 6 }, () => Math.floor(platform.random() * 256));
  bytes[0] = (bytes[0] as number) | 1;
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
