import { formatAddress } from "../config/address.ts";
import type { UdpListenerConfig, UdpToUdp as UdpToUdpConfig } from "../config/config.ts";
import { RelayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { DatagramListener, Datagrams, Platform } from "../platform.ts";
import type { Writer } from "../writer.ts";
import { createUdpToHttp, type UdpToHttp, type UdpToHttpStats } from "./udp-to-http.ts";
import { createUdpToUdp, type UdpToUdp, type UdpToUdpStats } from "./udp-to-udp.ts";

interface UdpListenersOptions {
  readonly platform: Platform;
  readonly log: Log;
  readonly stampClock: () => bigint;
  /** Ends the waiting for answers. */
  readonly signal: AbortSignal;
  /** The writer of an `[[http]]` listener. */
  readonly writer: (listener: string) => Writer;
}

/** The figures of one `[[udp]]` listener. */
export interface UdpStatus {
  readonly name: string;
  /** The `[[http]]` listener whose outputs get the lines; undefined if datagrams are sent on. */
  readonly to: string | undefined;
  /** Datagrams that the kernel dropped before the relay saw them; undefined where it does not tell. */
  readonly kernelDrops: number | undefined;
  readonly datagrams: UdpToHttpStats | UdpToUdpStats;
}

interface Open {
  readonly config: UdpListenerConfig;
  readonly socket: DatagramListener;
  readonly target: UdpToHttp | UdpToUdp;
}

/** The UDP listeners of a relay: opened, changed and closed as the config says. */
export class UdpListeners {
  readonly #options: UdpListenersOptions;
  #open: Open[] = [];

  constructor(options: UdpListenersOptions) {
    this.#options = options;
  }

  /**
   * Listens where the config says. A listener that did not change goes on.
   * @throws {BindError} when an address cannot be bound.
   */
  async apply(configs: readonly UdpListenerConfig[]): Promise<void> {
    await this.closeOthers(configs);
    const running = new Set(this.#open.map(({ config }) => JSON.stringify(config)));
    for (const config of configs) {
      if (!running.has(JSON.stringify(config))) this.#open.push(await this.#start(config));
    }
  }

  /** Closes the listeners that are not among these; what they received is written and answered first. */
  async closeOthers(configs: readonly UdpListenerConfig[]): Promise<void> {
    const wanted = new Set(configs.map((config) => JSON.stringify(config)));
    const leaving = this.#open.filter(({ config }) => !wanted.has(JSON.stringify(config)));
    this.#open = this.#open.filter((open) => !leaving.includes(open));
    await Promise.all(leaving.map(close));
  }

  status(): UdpStatus[] {
    return this.#open.map(({ config, socket, target }) => ({
      name: config.name,
      to: config.to.kind === "http" ? config.to.listener : undefined,
      kernelDrops: socket.kernelDrops(),
      datagrams: target.stats(),
    }));
  }

  /** Receives nothing more; what was received is written and answered first. */
  async stop(): Promise<void> {
    await Promise.all(this.#open.map(close));
  }

  async #start(config: UdpListenerConfig): Promise<Open> {
    const { platform, log } = this.#options;
    const { datagrams } = platform;
    if (datagrams === undefined) {
      throw new RelayError("NO_UDP", `[[udp]] ${config.name}: this runtime has no UDP`);
    }
    const target = await this.#target(config, datagrams);
    const socket = await datagrams
      .listen({
        name: `[[udp]] ${config.name}`,
        host: config.bindAddr.host,
        port: config.bindAddr.port,
        receiveBufferBytes: config.readBuffer,
        reusePort: config.reusePort,
        onDatagram: (bytes) => target.onDatagram(bytes),
        onError: (error) =>
          log.throttled("error", "udp-error", { listener: config.name, error: error.message }),
      })
      .catch(async (error) => {
        await target.stop();
        throw error;
      });
    const address = formatAddress({ host: config.bindAddr.host, port: socket.port });
    log.info("listening", { listener: config.name, protocol: "udp", address });
    return { config, socket, target };
  }

  async #target(config: UdpListenerConfig, datagrams: Datagrams): Promise<UdpToHttp | UdpToUdp> {
    const { log, stampClock, platform, signal, writer } = this.#options;
    const { name, precision, to } = config;
    const intake = { name, precision, stampClock, log };
    if (to.kind === "udp") return createUdpToUdp({ ...intake, outputs: await connect(to, datagrams) });
    const listener: Writer = { post: (write, ended) => writer(to.listener).post(write, ended) };
    return createUdpToHttp({ ...intake, to, writer: listener, signal, clock: platform.clock });
  }
}

function connect({ outputs }: UdpToUdpConfig, datagrams: Datagrams) {
  return Promise.all(
    outputs.map(async ({ name, mtu, address }) => ({
      name,
      mtu,
      sender: await datagrams.connect(address.host, address.port),
    })),
  );
}

async function close({ socket, target }: Open): Promise<void> {
  await socket.close();
  await target.stop();
}
