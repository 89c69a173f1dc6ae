import { startRealInfluxdb } from "../test/support/real-influxdb.ts";
import { findProgram } from "../test/support/require-real.ts";
import { startSinks } from "./helpers.ts";
import type { BackendsName, Given } from "./options.ts";

/** A server that writes can be sent to. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** Undefined if nobody told. */
  readonly pid: number | undefined;
}

/** Two backends for the relays, and what the relays are compared with. */
export interface Backends {
  readonly title: string;
  readonly pair: readonly [Server, Server];
  readonly reference: { readonly name: string; readonly server: Server };
  close(): Promise<void>;
}

export const DATABASE = "bench";

/** Undefined if this machine has no such backends. */
export async function startBackends(
  name: BackendsName,
  given: readonly Given[],
): Promise<Backends | undefined> {
  switch (name) {
    case "influxdb":
      return findProgram("influxd") === undefined ? undefined : await startInfluxdbs();
    case "sinks":
      return await startTwoSinks();
    case "given": {
      const [a, b] = given.map(toServer) as [Server, Server];
      const reference = { name: "straight to one InfluxDB", server: a };
      return { title: "two InfluxDBs", pair: [a, b], reference, close: async () => {} };
    }
  }
}

export function toServer({ url, pid }: Given): Server {
  return { host: url.hostname, port: Number(url.port || 80), pid };
}

async function startInfluxdbs(): Promise<Backends> {
  const [a, b] = (await Promise.all([1, 2].map(() => startRealInfluxdb({ databases: [DATABASE] })))) as Pair;
  const server = ({ port, pid }: Pair[0]): Server => ({ host: "127.0.0.1", port, pid });
  return {
    title: "two InfluxDBs",
    pair: [server(a), server(b)],
    reference: { name: "straight to one InfluxDB", server: server(a) },
    close: async () => void (await Promise.all([a.close(), b.close()])),
  };
}

type Influxdb = Awaited<ReturnType<typeof startRealInfluxdb>>;
type Pair = [Influxdb, Influxdb];

async function startTwoSinks(): Promise<Backends> {
  const [sinks, bare] = await Promise.all([startSinks("sink", "sink"), startSinks("bare")]);
  const server = (port = 0, pid: number): Server => ({ host: "127.0.0.1", port, pid });
  return {
    title: "two sinks",
    pair: [server(sinks.ports[0], sinks.pid), server(sinks.ports[1], sinks.pid)],
    reference: { name: "straight to a bare node:http server", server: server(bare.ports[0], bare.pid) },
    close: async () => {
      sinks.close();
      bare.close();
    },
  };
}
