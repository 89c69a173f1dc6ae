import { describe, test } from "node:test";
import { startSite } from "../../examples/ha/site.ts";
import { requireReal } from "../support/require-real.ts";
import { DB } from "./ha-clients.ts";
import { playRounds, untilInSync } from "./ha-rounds.ts";
import { randomFrom, seedOf } from "./kill-loop.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 20);

describe("two relays and two InfluxDBs that are killed again and again", {
  skip: requireReal("influxd", "haproxy", "nginx"),
}, () => {
  for (const balancer of ["haproxy", "nginx"] as const) {
    test(`behind ${balancer}`, async (t) => {
      const seed = seedOf();
      t.diagnostic(`SEED=${seed}`);
      const random = randomFrom(seed);
      const site = await startSite({ balancer, databases: [DB] });
      try {
        await untilInSync(site);
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, at: random() }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
        t.diagnostic(await playRounds(site, ROUNDS, shuffled));
      } finally {
        await site.close();
      }
    });
  }
});
