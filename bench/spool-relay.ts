import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../test/support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../test/support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../test/support/relay-process.ts";
import { DATABASE } from "./backends.ts";
import type { SpoolOptions } from "./spool-report.ts";

const LISTENER = "bench";

/** A relay and the directory of its spool. */
export interface BenchRelay {
  readonly process: RelayProcess;
  readonly port: number;
  close(): Promise<void>;
}

/** What is before the relay is started in the directory of its spool; undefined for a relay without one. */
export interface RelaySetup {
  /** Ports of InfluxDBs, by the names of their outputs. */
  readonly outputs: Readonly<Record<string, number>>;
  readonly spool: boolean;
  readonly fill?: (dir: string) => Promise<unknown>;
  readonly drainMb?: number;
}

export async function startBenchRelay(setup: RelaySetup, { profile }: SpoolOptions): Promise<BenchRelay> {
  const dir = temporaryDirectory("bench-spool");
  const spoolDir = join(dir, "spool");
  try {
    await setup.fill?.(spoolDir);
    const relay = await startRelay({
      config: configText(setup, spoolDir),
      env: profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` },
    });
    return {
      process: relay,
      port: relay.port(LISTENER),
      close: async () => {
        await relay.stop();
        removeDirectory(dir);
      },
    };
  } catch (error) {
    removeDirectory(dir);
    throw error;
  }
}

function configText({ outputs, spool, drainMb }: RelaySetup, dir: string): string {
  const more = drainMb === undefined ? "" : `, drain-max-mb-per-second = ${drainMb}`;
  const lines = Object.entries(outputs).map(
    ([name, port]) => `  { name = "${name}", location = "http://127.0.0.1:${port}/write"${more} },`,
  );
  return `shutdown-timeout = "500ms"
${spool ? `[spool]\ndir = "${dir}"\n` : ""}
[[http]]
name = "${LISTENER}"
bind-addr = "127.0.0.1:0"
output = [
${lines.join("\n")}
]
`;
}

/** Runs with `count` InfluxDBs that have the database. */
export async function withInfluxdbs<T>(
  count: number,
  use: (influxdbs: readonly RealInfluxdb[]) => Promise<T>,
): Promise<T> {
  const all = await Promise.all(
    Array.from({ length: count }, () => startRealInfluxdb({ databases: [DATABASE] })),
  );
  try {
    return await use(all);
  } finally {
    await Promise.all(all.map((one) => one.close()));
  }
}

/** Points that an InfluxDB has stored since it started. */
export async function pointsStored({ url }: RealInfluxdb): Promise<number> {
  const answer = (await (await fetch(`${url}/debug/vars`)).json()) as Readonly<
    Record<string, { readonly values?: { readonly pointsWrittenOK?: number } }>
  >;
  const httpd = Object.entries(answer).find(([name]) => name.startsWith("httpd"));
  return httpd?.[1].values?.pointsWrittenOK ?? 0;
}
