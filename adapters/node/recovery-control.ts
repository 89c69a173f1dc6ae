import { RemoteControl } from "../../src/admin/remote-control.ts";
import type { BackendReport } from "../../src/admin/spool-commands.ts";
import type { Config } from "../../src/config/config.ts";
import { RelayError, SpoolError } from "../../src/errors.ts";
import { AdminError } from "../../src/peers/admin-client.ts";
import type { Platform } from "../../src/platform.ts";
import { NO_RELAY, type RelayControl } from "../../src/recovery/control.ts";
import { connectAdmin } from "./admin-connection.ts";
import { openStopped } from "./spool-command.ts";

/** The relay that a recovery runs beside. */
export interface FoundRelay {
  readonly control: RelayControl;
  /** False if there is none that is known of. */
  readonly runs: boolean;
  close(): Promise<void>;
}

/**
 * The relay of a config if it runs, else nobody. `changes`: the recovery is going to write.
 * @throws {RelayError} if it runs and cannot be asked to hold back what a recovery would spoil.
 */
export async function findRelay(config: Config, platform: Platform, changes: boolean): Promise<FoundRelay> {
  const running = await askAdmin(config, platform);
  if (running !== undefined) return running;
  const reports = changes ? await lookIntoSpool(config, platform) : [];
  const suspects = async (backend: string) => {
    const { lost = [], suspect = [] } = reports.find(({ name }) => name === backend) ?? {};
    return [...lost, ...suspect].map(({ db, rp, min, max }) => ({
      ...{ db, rp },
      min: BigInt(min),
      max: BigInt(max),
    }));
  };
  return { control: { ...NO_RELAY, suspects }, runs: false, close: async () => {} };
}

/** Undefined if nobody listens where the config says. */
async function askAdmin({ admin }: Config, platform: Platform): Promise<FoundRelay | undefined> {
  if (admin === undefined) return undefined;
  const { client, close } = connectAdmin(admin, platform);
  try {
    await client.ask("GET", "/status");
    const { clock, random } = platform;
    return { control: new RemoteControl({ admin: client, clock, random }), runs: true, close };
  } catch (error) {
    await close();
    if (error instanceof AdminError && error.status === undefined) return undefined;
    throw error;
  }
}

/** What a spool that no relay has open says of each backend. */
async function lookIntoSpool(config: Config, platform: Platform): Promise<readonly BackendReport[]> {
  if (config.spool === undefined) return [];
  try {
    const spool = await openStopped(config, config.spool, platform);
    const reports = await spool.list();
    await spool.close();
    return reports;
  } catch (error) {
    if (!(error instanceof SpoolError) || error.failure !== "locked") throw error;
    const advice =
      config.admin === undefined
        ? "a relay runs and its config has no [admin], so it cannot hold its writes back: add [admin] and restart it, or stop it for as long as this takes"
        : "a relay runs and does not answer on the address of [admin]: restart it if that was added since, or stop it for as long as this takes";
    throw new RelayError("LOCKED", `${error.message}\n${advice}`, { cause: error });
  }
}
