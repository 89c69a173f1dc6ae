import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Site, startSite } from "../../examples/ha/site.ts";
import { requireReal } from "../support/require-real.ts";
import { DB } from "./ha-clients.ts";
import { sendsAgain } from "./ha-resend.ts";
import { playRounds, untilInSync } from "./ha-rounds.ts";
import { ask } from "./replica-set.ts";

/** HAProxy reads it whole, to send it again if need be. */
const LARGEST = 1_000_000;

describe("HAProxy before two relays and two InfluxDBs", { skip: requireReal("influxd", "haproxy") }, () => {
  let site: Site;
  before(async () => {
    site = await startSite({ balancer: "haproxy", databases: [DB] });
    await untilInSync(site);
  });
  after(() => site.close());

  test("a statement that only reads goes to an InfluxDB, everything else to a relay", async () => {
    const get = (q: string) => ask(site.url, `/query?db=${DB}&q=${q}`);
    const post = (q: string) =>
      ask(site.url, `/query?db=${DB}`, {
        method: "POST",
        body: `q=${q}`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    const whoAnswers = async (answer: Promise<{ headers: Headers }>) => {
      const name = site.servedBy((await answer).headers.get("x-served-by") ?? "");
      return name === "a" || name === "b" ? "InfluxDB" : "relay";
    };
    const reads = [
      "SELECT+v+FROM+m",
      "%20show%0Adatabases",
      "sel%45ct%20v%20from%20m",
      "EXPLAIN SELECT v FROM m",
    ];
    for (const q of reads) {
      assert.equal(await whoAnswers(get(q)), "InfluxDB", q);
      assert.equal(await whoAnswers(post(q)), "relay", `POST ${q}`);
    }
    const others = [
      "CREATE DATABASE d1",
      "SELECT v INTO n FROM m",
      "SELECT v iNt%6f n FROM m",
      "SELECT v FROM m; DROP DATABASE d2",
      "SELECT v FROM m%3BDROP DATABASE d2",
      "SELECT v FROM m&%71=x",
      "CREATE DATABASE d3&q=SELECT v FROM m",
      "/* SELECT */ DROP DATABASE d4",
      "",
    ];
    for (const q of others) assert.equal(await whoAnswers(get(q)), "relay", q);
    assert.equal(await whoAnswers(ask(site.url, `/query?%71=CREATE DATABASE d5&q=SELECT v FROM m`)), "relay");
  });

  test("a change of the schema is on both InfluxDBs, however it is sent", async () => {
    const q = (name: string) => `q=${encodeURIComponent(`CREATE DATABASE ${name}`)}`;
    const answers = [
      await ask(site.url, `/query?${q("by_get")}`),
      await ask(site.url, `/query?${q("by_post")}`, { method: "POST" }),
      await ask(site.url, "/query", {
        method: "POST",
        body: q("by_form"),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
    ];
    for (const { status, body } of answers) assert.equal(status, 200, body);
    for (const server of site.influxdbs) {
      const names = (await server.query("SHOW DATABASES"))[0]?.series?.[0]?.values?.flat() ?? [];
      for (const name of ["by_get", "by_post", "by_form"])
        assert.ok(names.includes(name), `${name} in ${names}`);
    }
  });

  for (const bytes of [100, LARGEST]) {
    test(`a write of ${bytes} bytes whose relay dies is sent again to the other one`, () =>
      sendsAgain(site, bytes));
  }

  test("each relay and each InfluxDB can be killed, and nobody notices", async (t) => {
    await untilInSync(site);
    t.diagnostic(await playRounds(site, 1));
  });
});
