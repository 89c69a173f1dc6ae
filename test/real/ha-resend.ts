import assert from "node:assert/strict";
import type { Site } from "../../examples/ha/site.ts";
import { poll } from "../support/wait.ts";
import { DB } from "./ha-clients.ts";
import { type Answer, ask, eventually, type Status, write } from "./replica-set.ts";

/** A relay is killed while it has a write that no InfluxDB has answered: the client must be told that it is stored. */
export async function sendsAgain(site: Site, bytes: number): Promise<void> {
  const measurement = `resent_${bytes}`;
  const line = `${measurement} v=1,s="`;
  const body = `${line}${"x".repeat(Math.min(60_000, Math.max(0, bytes - line.length - 3)))}" 1\n`;
  // Strings may be 64 KiB long.
  const bodies = body
    .repeat(Math.ceil(bytes / body.length))
    .split("\n")
    .slice(0, -1);
  const lines = bodies.map((text, i) => text.replace(/1$/, String(i + 1)));

  const before = await Promise.all(site.relays.map(writesOf));
  for (const server of site.influxdbs) server.pause();
  let answer: Promise<Answer>;
  let served: number | undefined;
  try {
    answer = write(site.url, DB, lines.join("\n"));
    // Whoever looks at it in the end, it must not go unnoticed meanwhile.
    answer.catch(() => undefined);
    await poll(async () => {
      const now = await Promise.all(site.relays.map(writesOf));
      served = now.findIndex((writes, i) => writes > (before[i] ?? 0));
      return served >= 0;
    }, "a relay to have the write");
    await site.relays[served as 0 | 1].kill();
  } finally {
    for (const server of site.influxdbs) server.resume();
  }
  const { status, body: told, headers } = await answer;
  assert.equal(status, 204, told);
  const other = site.relays[served === 0 ? 1 : 0].name;
  assert.equal(site.servedBy(headers.get("x-served-by") ?? ""), other);
  const count = async (server: Site["influxdbs"][0]) =>
    (await server.query(`SELECT count(v) FROM ${measurement}`, DB))[0]?.series?.[0]?.values?.[0]?.[1];
  for (const server of site.influxdbs) {
    await eventually(() => count(server), lines.length, "points that were sent again");
  }
  await site.relays[served as 0 | 1].start();
}

/** How many writes a relay was sent. */
async function writesOf({ url }: Site["relays"][0]): Promise<number> {
  const { listeners } = JSON.parse((await ask(url, "/status")).body) as Status;
  return listeners[0]?.counters["writes"] ?? 0;
}
