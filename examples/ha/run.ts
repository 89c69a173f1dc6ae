/** `npm run example:ha`: the files beside this one, running on this machine until Ctrl-C. `-- --nginx` takes nginx. */
import { findProgram } from "../../test/support/require-real.ts";
import { type BalancerKind, type Site, startSite } from "./site.ts";

const DATABASE = "mydb";
/** Where the relays' files put what comes by UDP. */
const UDP_DATABASE = "telegraf";
/** What ended is started again after so many milliseconds, as systemd would. */
const RESTART_MS = 10_000;
const LOOK_MS = 500;
/** Debian's package of each program. */
const PACKAGES = { influxd: "influxdb", haproxy: "haproxy", nginx: "nginx libnginx-mod-stream" };

/** A process that is started again when it has ended. */
interface Supervised {
  readonly title: string;
  /** Undefined when it has ended. */
  pid(): number | undefined;
  start(): Promise<void>;
}

async function main(): Promise<void> {
  const balancer: BalancerKind = process.argv.includes("--nginx") ? "nginx" : "haproxy";
  for (const program of ["influxd", balancer] as const) {
    if (findProgram(program) !== undefined) continue;
    console.error(`${program} is not installed. On Debian: apt-get install ${PACKAGES[program]}`);
    process.exit(1);
  }
  // What was started ends with this process.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));
  console.log(`Starting two InfluxDBs, two relays and ${balancer} ...`);
  const site = await startSite({ balancer, databases: [DATABASE, UDP_DATABASE] });
  const all = supervisedOf(site);
  console.log(explanation(site, all));
  for (const one of all) void supervise(one);
}

function supervisedOf({ relays, influxdbs }: Site): Supervised[] {
  return [
    ...relays.map((relay) => ({
      title: relay.name,
      pid: () => aliveOr(() => relay.pid),
      start: relay.start,
    })),
    ...influxdbs.map((server, i) => ({
      title: `InfluxDB ${"ab"[i]}`,
      pid: () => aliveOr(() => server.pid),
      start: server.start,
    })),
  ];
}

/** A number of a process, as long as there is one. */
function aliveOr(pid: () => number): number | undefined {
  try {
    const found = pid();
    process.kill(found, 0);
    return found;
  } catch {
    return undefined;
  }
}

async function supervise({ title, pid, start }: Supervised): Promise<never> {
  while (true) {
    await pause(LOOK_MS);
    if (pid() !== undefined) continue;
    console.log(`${title} has ended, and starts again in ${RESTART_MS / 1_000} s.`);
    await pause(RESTART_MS);
    await start();
    console.log(`${title} runs again as process ${pid()}.`);
  }
}

function explanation({ kind, url, ports, relays, influxdbs }: Site, all: readonly Supervised[]): string {
  const page = `http://127.0.0.1:${ports.page}/`;
  const pids = new Map(all.map((one) => [one.title, one.pid()]));
  const rows = [
    [kind, url, kind === "haproxy" ? `for clients; ${page} shows whom it trusts` : "for clients"],
    ...relays.map((relay) => [relay.name, relay.url, `process ${pids.get(relay.name)}`]),
    ...influxdbs.map((server, i) => {
      const title = `InfluxDB ${"ab"[i]}`;
      return [title, server.url, `process ${pids.get(title)}`];
    }),
  ];
  const table = rows.map(
    ([name = "", address = "", what = ""]) => `  ${name.padEnd(12)}${address.padEnd(26)}${what}`,
  );
  const [udpPort, udp] =
    kind === "nginx"
      ? [ports.balancerUdp, "nginx spreads it over the relays"]
      : [ports.relay1Udp, "to a relay itself, for HAProxy has no UDP"];
  return `
${table.join("\n")}

Write a point, read it back, and see who answered:
  curl -i '${url}/write?db=${DATABASE}' --data-binary 'room,name=kitchen temperature=21.5'
  curl -i -G '${url}/query?db=${DATABASE}' --data-urlencode 'q=SELECT * FROM room'
Create a database, on both InfluxDBs:
  curl '${url}/query' --data-urlencode 'q=CREATE DATABASE other'
Write by UDP, ${udp} (within a second it is in the database ${UDP_DATABASE}):
  bash -c 'echo room,name=hall temperature=18.2 > /dev/udp/127.0.0.1/${udpPort}'
Kill an InfluxDB or a relay, and go on writing and reading; after ${RESTART_MS / 1_000} s it is started again:
  kill -9 ${pids.get("InfluxDB b")}
  kill -9 ${pids.get("relay-1")}
Watch what the relays know meanwhile:
  watch -n 1 'for relay in ${relays.map((relay) => relay.url).join(" ")}; do curl -s $relay/health/backends/b; echo; done'
  curl -s ${relays[1].url}/status

Stop everything with Ctrl-C.
`;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

await main();
