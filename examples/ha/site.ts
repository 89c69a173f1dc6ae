import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, removeDirectory, startChild, temporaryDirectory } from "../../test/support/child.ts";
import { type RealInfluxdb, startRealInfluxdb } from "../../test/support/real-influxdb.ts";
import { type RelayProcess, startRelay } from "../../test/support/relay-process.ts";
import { findProgram } from "../../test/support/require-real.ts";
import { poll } from "../../test/support/wait.ts";
import { haproxyConfig, nginxConfig, PORT_NAMES, type Ports, relayConfig } from "./files.ts";
import { freePorts } from "./free-ports.ts";

/** A start may coincide with a lot of traffic. */
const START_LIMIT_MS = 30_000;

export type BalancerKind = "haproxy" | "nginx";

/** Who may answer a client. */
export type ServedBy = "a" | "b" | "relay-1" | "relay-2";

/** One of the relays. It listens on the same ports and has the same spool after a restart. */
export interface SiteRelay {
  readonly name: "relay-1" | "relay-2";
  readonly url: string;
  readonly adminUrl: string;
  readonly pid: number;
  /** What it printed since it was started last. */
  readonly output: string;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** What the files beside this one describe, running on this machine. */
export interface Site {
  /** `a` and `b`. */
  readonly influxdbs: readonly [RealInfluxdb, RealInfluxdb];
  readonly relays: readonly [SiteRelay, SiteRelay];
  readonly ports: Ports;
  readonly kind: BalancerKind;
  readonly balancer: Child;
  /** Where clients go. */
  readonly url: string;
  /** Reads the header X-Served-By of an answer. @throws if it names nobody. */
  servedBy(header: string): ServedBy;
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly balancer: BalancerKind;
  /** Created at the start. */
  readonly databases?: readonly string[];
  /** The port on which the relays reach b, instead of its own. */
  readonly wayToB?: (port: number) => Promise<number>;
}

/** Starts two InfluxDBs, two relays and the balancer. @throws if one of them cannot be started. */
export async function startSite({
  balancer: kind,
  databases = [],
  wayToB = async (port) => port,
}: SiteOptions): Promise<Site> {
  const dir = temporaryDirectory("site");
  const ports = await choosePorts();
  const closing: (() => Promise<unknown>)[] = [async () => removeDirectory(dir)];
  const close = async () => {
    for (const stop of closing.splice(0).reverse()) await stop();
  };
  async function influxdb(port: number): Promise<RealInfluxdb> {
    const server = await startRealInfluxdb({ port, databases });
    closing.push(server.close);
    return server;
  }
  async function relay(number: 1 | 2, b: number): Promise<SiteRelay> {
    const started = await startSiteRelay(number, { ...ports, b }, join(dir, `relay-${number}`));
    closing.push(started.kill);
    return started;
  }
  try {
    const influxdbs = await both(influxdb(ports.a), influxdb(ports.b));
    const b = await wayToB(ports.b);
    const relays = await both(relay(1, b), relay(2, b));
    const balancer = startBalancer(kind, ports, dir);
    closing.push(() => balancer.stop("SIGKILL"));
    const url = `http://127.0.0.1:${ports.balancer}`;
    await poll(
      async () => balancer.end !== undefined || (await isHealthy(url)),
      `${kind} to answer`,
      undefined,
      () => `\n${balancer.output}`,
    );
    if (balancer.end !== undefined) throw new Error(`${kind} ended (${balancer.end})\n${balancer.output}`);
    const servedBy = (header: string) => nameOf(kind, ports, header);
    return { influxdbs, relays, ports, kind, balancer, url, servedBy, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An error only once both have ended, so that what did start can be closed. */
async function both<T>(one: Promise<T>, other: Promise<T>): Promise<readonly [T, T]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function choosePorts(): Promise<Ports> {
  const free = await freePorts(PORT_NAMES.length);
  return Object.fromEntries(PORT_NAMES.map((name, i) => [name, free[i]])) as unknown as Ports;
}

async function startSiteRelay(number: 1 | 2, ports: Ports, dir: string): Promise<SiteRelay> {
  const config = relayConfig(number, ports, dir);
  const start = () => startRelay({ config, readyWithinMs: START_LIMIT_MS });
  let relay: RelayProcess = await start();
  return {
    name: `relay-${number}`,
    url: relay.url("main"),
    adminUrl: relay.url("[admin]"),
    get pid() {
      return relay.pid;
    },
    get output() {
      return relay.output;
    },
    start: async () => {
      relay = await start();
    },
    kill: () => relay.kill(),
  };
}

function startBalancer(kind: BalancerKind, ports: Ports, dir: string): Child {
  const file = join(dir, kind);
  writeFileSync(file, kind === "haproxy" ? haproxyConfig(ports) : nginxConfig(ports, dir));
  const program = findProgram(kind);
  if (program === undefined) throw new Error(`${kind} is not installed`);
  // Both as one process, so that nothing is left when it is killed.
  const args =
    kind === "haproxy"
      ? ["-db", "-f", file]
      : ["-c", file, "-e", "stderr", "-g", "daemon off; master_process off;"];
  return startChild(program, args);
}

async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 200;
}

/** HAProxy tells `BACKEND/SERVER`, nginx the addresses that it tried. */
function nameOf(kind: BalancerKind, ports: Ports, header: string): ServedBy {
  const last = header.split(kind === "haproxy" ? "/" : ":").at(-1);
  const names = { a: ports.a, b: ports.b, "relay-1": ports.relay1, "relay-2": ports.relay2 };
  for (const [name, port] of Object.entries(names)) {
    if (last === (kind === "haproxy" ? name : String(port))) return name as ServedBy;
  }
  throw new Error(`served by ${JSON.stringify(header)}`);
}
