import { type RealInfluxdb, startRealInfluxdb } from "../../support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../../support/relay-process.ts";
import { eventually, mainListener } from "../replica-set.ts";

/** Two InfluxDBs behind a relay that is used by somebody else's program. */
export interface Pair {
  readonly servers: readonly RealInfluxdb[];
  readonly relay: RelayProcess;
  /** Where the program thinks that InfluxDB is. */
  readonly url: string;
  readonly port: string;
  /** Waits until both have these points, and no others, in a database, as canonical lines. */
  bothHave(db: string, lines: readonly string[], rp?: string): Promise<void>;
  /** Waits until both answer a query like this. */
  bothSay(q: string, db: string, values: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

export async function startPair(config = ""): Promise<Pair> {
  const servers: RealInfluxdb[] = [];
  const close = async () => void (await Promise.all(servers.map((server) => server.close())));
  try {
    for (const _ of "ab") servers.push(await startRealInfluxdb());
    const relay = await startRelay({ config: `${mainListener(servers)}${config}` });
    const both = async <T>(ask: (server: RealInfluxdb) => Promise<T>, expected: T, what: string) => {
      for (const [i, server] of servers.entries()) {
        await eventually(() => ask(server), expected, `${what} of server ${"ab"[i]}`);
      }
    };
    return {
      servers,
      relay,
      url: relay.url("main"),
      port: String(relay.port("main")),
      bothHave: (db, lines, rp) =>
        both((server) => server.points(db, rp === undefined ? {} : { rp }), [...lines].sort(), db),
      bothSay: (q, db, values) =>
        both(async (server) => (await server.query(q, db))[0]?.series?.[0]?.values ?? [], values as never, q),
      close: async () => {
        await relay.kill();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
