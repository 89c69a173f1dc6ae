import { readFileSync } from "node:fs";

/** Where everybody listens in the files beside this one. */
const PORTS = {
  a: 8086,
  b: 7086,
  balancer: 9096,
  balancerUdp: 9089,
  page: 9099,
  relay1: 9196,
  relay1Admin: 9197,
  relay1Udp: 9189,
  relay2: 9296,
  relay2Admin: 9297,
  relay2Udp: 9289,
};

export type Ports = Readonly<Record<keyof typeof PORTS, number>>;
export const PORT_NAMES = Object.keys(PORTS) as readonly (keyof typeof PORTS)[];

/** The config of a relay, which keeps its spool in `dir`. */
export function relayConfig(relay: 1 | 2, ports: Ports, dir: string): string {
  return fillIn(`relay-${relay}.toml`, ports, { [`/var/lib/influxdb-relay/${relay}`]: dir });
}

/** HAProxy's config, to be run as whoever runs it. */
export function haproxyConfig(ports: Ports): string {
  return fillIn("haproxy.cfg", ports, { "    user haproxy\n": "", "    group haproxy\n": "" });
}

/** nginx's config, to be run as one process of whoever runs it, with its files in `dir`. */
export function nginxConfig(ports: Ports, dir: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (use) => `    ${use}_temp_path ${dir}/${use};\n`,
  );
  return fillIn("nginx.conf", ports, {
    "user www-data;\n": "",
    // A socket of a worker that is not there would get its share of the datagrams.
    "worker_processes auto;": "worker_processes 1;",
    "/run/nginx.pid": `${dir}/nginx.pid`,
    "http {\n": `http {\n${temporary.join("")}`,
  });
}

/** A file beside this one with other ports, and with each of `texts` replaced. @throws if it lacks what is replaced. */
function fillIn(file: string, ports: Ports, texts: Readonly<Record<string, string>>): string {
  const byPort = new Map(PORT_NAMES.map((name) => [PORTS[name], ports[name]]));
  let filled = readFileSync(new URL(file, import.meta.url), "utf8").replace(
    /\b127\.0\.0\.1:(\d+)\b/g,
    (address, port) => {
      const other = byPort.get(Number(port));
      if (other === undefined) throw new Error(`${file}: nobody listens on ${address}`);
      return `127.0.0.1:${other}`;
    },
  );
  for (const [text, replacement] of Object.entries(texts)) {
    if (!filled.includes(text)) throw new Error(`${file} lacks ${JSON.stringify(text)}`);
    filled = filled.replace(text, () => replacement);
  }
  return filled;
}
