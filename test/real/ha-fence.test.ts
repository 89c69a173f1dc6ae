import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Site, startSite } from "../../examples/ha/site.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { DB } from "./ha-clients.ts";
import { untilInSync } from "./ha-rounds.ts";
import { ask, write } from "./replica-set.ts";
import { type StallingProxy, startStallingProxy } from "./stalling-proxy.ts";

const ROUNDS = 2;
const QUERIES = 30;

describe("HAProxy while an InfluxDB answers queries and takes no writes", {
  skip: requireReal("influxd", "haproxy"),
}, () => {
  let site: Site;
  let way: StallingProxy;
  before(async () => {
    site = await startSite({
      balancer: "haproxy",
      databases: [DB],
      wayToB: async (port) => {
        way = await startStallingProxy(port);
        return way.port;
      },
    });
    await untilInSync(site);
  });
  after(async () => {
    await site.close();
    await way.close();
  });

  const servedBy = ({ headers }: { headers: Headers }) => site.servedBy(headers.get("x-served-by") ?? "");
  const query = (q: string) => ask(site.url, `/query?db=${DB}&${new URLSearchParams({ q })}`);

  test("who was told that a write is stored finds it", async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      const untilBAnswers = async () => servedBy(await query("SHOW DATABASES")) === "b";
      await poll(untilBAnswers, "queries to b", 20_000);
      way.stall();
      const answer = await write(site.url, DB, `fence v=${round} ${round}`);
      assert.equal(answer.status, 204, answer.body);
      const answers = await Promise.all(
        Array.from({ length: QUERIES }, () => query("SELECT count(v) FROM fence")),
      );
      for (const found of answers) {
        assert.match(found.body, new RegExp(`\\["1970-01-01T00:00:00Z",${round}\\]`), servedBy(found));
        assert.notEqual(servedBy(found), "b");
      }
      way.flow();
    }
    await untilInSync(site);
  });
});
