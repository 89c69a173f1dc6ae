import type { Config } from "../../src/config/config.ts";
import { RelayError } from "../../src/errors.ts";
import type { LogSink } from "../../src/platform.ts";
import { Relay } from "../../src/relay.ts";
import { loadConfigFile } from "./config-file.ts";
import { type Demo, startDemo } from "./demo.ts";
import type { Host } from "./host.ts";
import { HttpListeners } from "./http-listeners.ts";
import { createLogWriter } from "./log-writer.ts";

const EXIT_UNDELIVERED = 3;

/** Serves until a signal says stop. Without a config file it serves the demo. Returns the exit code. */
export async function serve(configFile: string | undefined, host: Host): Promise<number> {
  const demo = configFile === undefined ? await startDemo() : undefined;
  let config = demo?.config ?? loadConfigFile(configFile as string, host.runtime);
  const log = logWriter(config);
  const platform = host.platform(log);
  const relay = await Relay.open(config, platform);
  const http = new HttpListeners(relay, platform, host.http, configFile);
  try {
    await relay.start(config);
    await http.apply(config);
  } catch (error) {
    await Promise.all([http.close(0), relay.stop(0), demo?.close()]);
    throw error;
  }
  const stopAsked = stopSignal(relay);
  // One after the other: two at a time would open and close the same listeners.
  let reloads = Promise.resolve();
  process.on("SIGHUP", () => {
    reloads = reloads.then(async () => {
      config = await reload(configFile, config, host.runtime, relay, http);
    });
  });
  relay.log.info("ready");
  demo?.explain();
  await stopAsked;
  await reloads;
  return await stop(config, relay, http, demo);
}

function logWriter({ logLevel, logFormat }: Config): LogSink {
  const format = logFormat === "auto" ? (process.stderr.isTTY ? "pretty" : "json") : logFormat;
  return createLogWriter({
    level: logLevel,
    format,
    now: Date.now,
    write: (line) => {
      process.stderr.write(line);
    },
  });
}

/**
 * Reads the config again; one that is wrong, or that names an address that cannot be bound, leaves the old one in
 * force. Returns the one that is in force now.
 */
async function reload(
  configFile: string | undefined,
  old: Config,
  runtime: Host["runtime"],
  relay: Relay,
  http: HttpListeners,
): Promise<Config> {
  if (configFile === undefined) return old;
  const apply = async (config: Config) => {
    await relay.reload(config);
    await http.apply(config);
  };
  try {
    const config = loadConfigFile(configFile, runtime);
    http.check(config);
    try {
      await apply(config);
    } catch (error) {
      await apply(old);
      throw error;
    }
    relay.log.info("reloaded");
    return config;
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    relay.log.error("reload-failed", { error: error.message, next: "the old config stays in force" });
    return old;
  }
}

/** Resolves at the first signal that asks to stop; a second one exits at once. */
function stopSignal(relay: Relay): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(1);
        relay.log.info("stopping", { signal });
        resolve();
      });
    }
  });
}

async function stop(
  config: Config,
  relay: Relay,
  http: HttpListeners,
  demo: Demo | undefined,
): Promise<number> {
  // The relay's own timers do not keep the process alive; this one does until everything has ended.
  const alive = setInterval(() => {}, 1_000);
  const deadline = performance.now() + config.shutdownTimeoutMs;
  await http.close(config.shutdownTimeoutMs);
  const left = await relay.stop(deadline);
  await demo?.close();
  clearInterval(alive);
  for (const { backend, records, bytes } of left) {
    relay.log.error("undelivered", {
      backend,
      records,
      bytes,
      next: "these writes are on the other replicas only",
    });
  }
  relay.log.info("stopped");
  return left.length > 0 ? EXIT_UNDELIVERED : 0;
}
