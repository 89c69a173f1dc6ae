import { resolve } from "node:path";
import { createAdminApp } from "../../src/admin/app.ts";
import { createPageGuard } from "../../src/admin/guard.ts";
import { StatusPage } from "../../src/admin/page/status-page.ts";
import { RunningBackends } from "../../src/admin/running-backends.ts";
import { RunningSpool } from "../../src/admin/running-spool.ts";
import { createApp } from "../../src/app.ts";
import { formatAddress } from "../../src/config/address.ts";
import type { AdminConfig, Config, HttpListenerConfig } from "../../src/config/config.ts";
import { type AppListener, createHttpCounters } from "../../src/http/listener.ts";
import type { Platform } from "../../src/platform.ts";
import type { Relay } from "../../src/relay.ts";
import type { HttpServer } from "./host.ts";
import type { HttpListener, HttpListenerOptions } from "./http-listener.ts";
import { checkListenerPems, readListenerPem } from "./listener-pem.ts";
import { storedNames } from "./stored-names.ts";

type Fetch = ReturnType<typeof createApp>["fetch"];

/** People and their programs: few connections, small requests. */
const ADMIN_CONNECTIONS = 64;
const ADMIN_REQUEST_TIMEOUT_MS = 30_000;
/** The name of the admin listener; no other can have it without looking like it. */
const ADMIN = "[admin]";

/** A listener that the config asks for. */
interface Wanted
  extends Pick<
    HttpListenerOptions,
    "address" | "maxConnections" | "requestTimeoutMs" | "reusePort" | "counters"
  > {
  readonly key: string;
  readonly name: string;
  readonly pem: string | undefined;
  readonly fetch: Fetch;
}

interface Open {
  /** What cannot change without listening anew. */
  readonly signature: string;
  readonly socket: HttpListener;
  fetch: Fetch;
}

/** The HTTP listeners of a relay: opened, changed and closed as the config says. */
export class HttpListeners {
  readonly #relay: Relay;
  readonly #platform: Platform;
  readonly #server: HttpServer;
  readonly #spool: RunningSpool;
  readonly #backends: RunningBackends;
  readonly #page: StatusPage;
  readonly #isDemo: boolean;
  #spoolDir: string | undefined;
  #open = new Map<string, Open>();
  /** Listeners that left the config and still answer what they had taken. */
  readonly #leaving = new Set<HttpListener>();

  /** @param configFile undefined for the demo. */
  constructor(relay: Relay, platform: Platform, server: HttpServer, configFile: string | undefined) {
    this.#relay = relay;
    this.#platform = platform;
    this.#server = server;
    this.#backends = new RunningBackends({
      ...{ platform, log: relay.log },
      backends: () => relay.backends(),
      status: () => relay.status(),
      claims: relay.peers.claims,
      peer: () => relay.peers.self(),
    });
    this.#spool = new RunningSpool({
      backends: () => relay.backends(),
      stored: async () => (this.#spoolDir && (await storedNames(this.#spoolDir))) || [],
    });
    this.#isDemo = configFile === undefined;
    this.#page = new StatusPage({
      ...{ clock: platform.clock, log: relay.log, spool: this.#spool },
      // Whoever copies a command may be in another directory.
      config: configFile && resolve(configFile),
      status: () => relay.status(),
      figures: () => relay.figures(),
    });
  }

  /** @throws {ConfigError} when a certificate that the config names cannot be used. */
  check(config: Config): void {
    checkListenerPems(config, this.#server);
  }

  /**
   * Listens where the config says. A listener that stays keeps its connections.
   * @throws {BindError} when an address cannot be bound; the listeners before it are open.
   */
  async apply(config: Config): Promise<void> {
    this.#spoolDir = config.spool?.dir;
    // Who looks comes again, with the token of now.
    this.#page.endStreams();
    const before = this.#open;
    const wanted = this.#wanted(config);
    this.#open = new Map();
    for (const [key, open] of before) {
      const stays = wanted.some((want) => want.key === key && signatureOf(want) === open.signature);
      if (stays) this.#open.set(key, open);
      else this.#leave(open.socket);
    }
    for (const want of wanted) {
      const open = this.#open.get(want.key);
      if (open === undefined) await this.#start(want);
      else change(open, want);
    }
  }

  /** Stops accepting, and after at most `withinMs` milliseconds cuts what is still open. */
  async close(withinMs: number): Promise<void> {
    const sockets = [...this.#leaving, ...[...this.#open.values()].map(({ socket }) => socket)];
    const closed = Promise.all(sockets.map((socket) => socket.stopAccepting()));
    this.#page.close();
    const timer = setTimeout(() => sockets.forEach((socket) => void socket.close()), withinMs);
    await closed;
    clearTimeout(timer);
  }

  #leave(socket: HttpListener): void {
    this.#leaving.add(socket);
    void socket.stopAccepting().then(() => this.#leaving.delete(socket));
  }

  async #start(want: Wanted): Promise<void> {
    const { key, name, pem, fetch, ...options } = want;
    const open: { fetch: Fetch } = { fetch };
    const socket = await this.#server.start({
      ...options,
      name: key,
      fetch: (request, env, context) => open.fetch(request, env, context),
      ...(pem === undefined ? {} : { tlsPem: pem }),
      log: this.#relay.log,
    });
    this.#open.set(key, Object.assign(open, { signature: signatureOf(want), socket }));
    this.#relay.log.info("listening", {
      listener: name,
      protocol: pem === undefined ? "http" : "https",
      address: formatAddress(socket.address),
    });
  }

  #wanted({ http, admin }: Config): Wanted[] {
    const wanted = http.map((listener) => this.#wantedHttp(listener));
    return admin === undefined ? wanted : [...wanted, this.#wantedAdmin(admin)];
  }

  #wantedHttp(http: HttpListenerConfig): Wanted {
    const { name, bindAddr: address, maxConnections, requestTimeoutMs, reusePort } = http;
    const listener = this.#relay.listener(http.name);
    const { counters } = listener;
    return {
      ...{ key: `[[http]] ${name}`, name, address, maxConnections, requestTimeoutMs, reusePort, counters },
      pem: readListenerPem(http),
      fetch: this.#app(listener),
    };
  }

  #wantedAdmin(config: AdminConfig): Wanted {
    const { log } = this.#relay;
    return {
      key: ADMIN,
      name: ADMIN,
      address: config.bindAddr,
      maxConnections: ADMIN_CONNECTIONS,
      requestTimeoutMs: ADMIN_REQUEST_TIMEOUT_MS,
      reusePort: false,
      counters: createHttpCounters(),
      pem: undefined,
      fetch: createAdminApp({
        ...{ config, spool: this.#spool, backends: this.#backends, log },
        figures: () => this.#relay.figures(),
        page: this.#page,
        ports: this.#server,
      }).fetch,
    };
  }

  #app(listener: AppListener): Fetch {
    const { readBody, clientAddress, stream } = this.#server;
    const app = createApp(listener, { readBody, clientAddress, stream, platform: this.#platform });
    // It has a loopback address, and no listener for commands.
    if (this.#isDemo)
      this.#page.addTo(app, createPageGuard({ token: undefined }, this.#relay.log), { stream });
    return app.fetch;
  }
}

function change(open: Open, { pem, fetch }: Wanted): void {
  if (pem !== undefined) open.socket.setTls(pem);
  open.fetch = fetch;
}

function signatureOf({ address, pem, maxConnections, requestTimeoutMs, reusePort }: Wanted): string {
  return JSON.stringify([address, pem !== undefined, maxConnections, requestTimeoutMs, reusePort]);
}
