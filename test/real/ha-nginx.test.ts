import { createSocket } from "node:dgram";
import { after, before, describe, test } from "node:test";
import { type Site, startSite } from "../../examples/ha/site.ts";
import { requireReal } from "../support/require-real.ts";
import { poll } from "../support/wait.ts";
import { DB } from "./ha-clients.ts";
import { sendsAgain } from "./ha-resend.ts";
import { playRounds, untilInSync } from "./ha-rounds.ts";

/** nginx keeps what is too large for its buffer in a file. */
const LARGE = 2_000_000;
/** A relay collects for a second, and a server that it could not reach may be waited for. */
const STORED_LIMIT_MS = 30_000;
/** Where the relays' files put what comes by UDP. */
const UDP_DB = "telegraf";

describe("nginx before two relays and two InfluxDBs", { skip: requireReal("influxd", "nginx") }, () => {
  let site: Site;
  before(async () => {
    site = await startSite({ balancer: "nginx", databases: [DB, UDP_DB] });
    await untilInSync(site);
  });
  after(() => site.close());

  for (const bytes of [100, LARGE]) {
    test(`a write of ${bytes} bytes whose relay dies is sent again to the other one`, () =>
      sendsAgain(site, bytes));
  }

  test("datagrams go to both relays, and to the other one when one dies", async () => {
    const socket = createSocket("udp4");
    let sent = 0;
    const send = () =>
      new Promise((resolve) =>
        socket.send(`udp v=${++sent} ${sent}`, site.ports.balancerUdp, "127.0.0.1", resolve),
      );
    /** By one of them; the other one may be behind. */
    const stored = async (time: number) => {
      const q = `SELECT v FROM udp WHERE time >= ${time}`;
      const answers = await Promise.all(site.influxdbs.map((server) => server.query(q, UDP_DB)));
      return answers.some(([result]) => result?.series !== undefined);
    };
    /** A datagram may be lost, one of many is not. */
    const arrives = async () => {
      const from = sent + 1;
      await poll(
        async () => {
          await send();
          return stored(from);
        },
        "a datagram to be stored",
        STORED_LIMIT_MS,
      );
    };
    try {
      await arrives();
      for (const relay of site.relays) {
        await relay.kill();
        await arrives();
        await relay.start();
      }
      await arrives();
    } finally {
      socket.close();
    }
  });

  test("each relay and each InfluxDB can be killed, and nobody notices", async (t) => {
    await untilInSync(site);
    t.diagnostic(await playRounds(site, 1));
  });
});
