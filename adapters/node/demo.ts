import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Config } from "../../src/config/config.ts";
import { configFromObject } from "../../src/config/parse.ts";
import { createDemoInfluxdb, type DemoInfluxdb } from "../../src/demo/influxdb.ts";
import { nodeClock } from "./platform.ts";

const DATABASE = "demo";
const PORT = 9096;

/** Two InfluxDB look-alikes in this process, and a relay config in front of them. */
export interface Demo {
  readonly config: Config;
  /** Prints what to try. */
  explain(): void;
  close(): Promise<void>;
}

export async function startDemo(): Promise<Demo> {
  const servers = await Promise.all([startServer(), startServer()]);
  const urls = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const config = configFromObject(
    {
      http: [
        {
          name: "demo",
          "bind-addr": `127.0.0.1:${PORT}`,
          output: urls.map((url, i) => ({ name: "ab"[i], location: `${url}/write` })),
        },
      ],
      udp: [
        {
          name: "demo-udp",
          "bind-addr": `127.0.0.1:${PORT}`,
          to: "demo",
          database: DATABASE,
          "batch-timeout": "50ms",
        },
      ],
    },
    { name: "the demo config", env: () => undefined, readFile: () => "" },
  );
  return {
    config,
    explain: () => {
      process.stdout.write(explanation(urls));
    },
    close: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

function explanation(urls: readonly string[]): string {
  const relay = `127.0.0.1:${PORT}`;
  const select = `--data-urlencode 'q=SELECT * FROM room'`;
  return `
The relay listens on ${relay}, over HTTP and UDP, in front of two embedded demo servers.
They keep their data in memory and are for trying out only: give --config FILE for real InfluxDB servers.

Write a point:
  curl -i 'http://${relay}/write?db=${DATABASE}' --data-binary 'room,name=kitchen temperature=21.5'
Write one by UDP:
  bash -c 'echo room,name=hall temperature=18.2 > /dev/udp/127.0.0.1/${PORT}'
See that both servers have them:
  for server in ${urls.join(" ")}; do curl -G "$server/query?db=${DATABASE}" ${select}; done

See how it is, in a browser:
  http://${relay}/

Stop it with Ctrl-C.
`;
}

async function startServer(): Promise<Server> {
  const influxdb = createDemoInfluxdb({ databases: [DATABASE], clock: nodeClock });
  const server = createServer((incoming, outgoing) => {
    void answer(influxdb, incoming, outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function answer(
  influxdb: DemoInfluxdb,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("error", () => outgoing.destroy());
  await once(incoming, "end");
  const { status, headers, body } = await influxdb.handle({
    method: incoming.method ?? "GET",
    path: incoming.url ?? "/",
    body: Buffer.concat(chunks),
    header: (name) => {
      const value = incoming.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
  });
  outgoing.writeHead(status, headers).end(body);
}
