import { type RelayProcess, startRelay } from "../test/support/relay-process.ts";
import { type Backends, type Server, toServer } from "./backends.ts";
import { type Helper, startSinks } from "./helpers.ts";
import type { CaseName, Options } from "./options.ts";

/** What is measured beside others: takes writes over HTTP. */
export interface Contender {
  readonly name: string;
  readonly server: Server;
}

/** The first one is what the others are compared with. */
export interface Contenders {
  readonly list: readonly Contender[];
  close(): Promise<void>;
}

const LISTENER = "bench";
const JOINING_OFF = "max-batch-kb = 0";
/** The relay that waits for a hung backend gives up soon when it is stopped. */
const SHUTDOWN = "500ms";

/** Starts what a case compares: relays are new for each case, so that their peak memory is of that case. */
export async function startContenders(
  name: CaseName,
  backends: Backends,
  options: Options,
): Promise<Contenders> {
  const relays: RelayProcess[] = [];
  const helpers: Helper[] = [];
  const list: Contender[] = [];

  async function addRelay(label: string, ports: readonly Server[], output = ""): Promise<void> {
    const relay = await startRelay({ config: configText(ports, output), env: relayEnv(options) });
    relays.push(relay);
    list.push({
      name: label,
      server: { host: "127.0.0.1", port: relay.port(LISTENER), pid: relay.pid },
    });
  }

  async function close(): Promise<void> {
    for (const helper of helpers) helper.close();
    await Promise.all(relays.map((relay) => relay.stop()));
  }

  try {
    if (name === "hung") {
      const sinks = await startSinks("hung");
      helpers.push(sinks);
      const hung: Server = { host: "127.0.0.1", port: sinks.ports[0] ?? 0, pid: sinks.pid };
      await addRelay("relay, both backends answer", backends.pair);
      await addRelay("relay, one backend never answers", [backends.pair[0], hung]);
    } else {
      list.push(backends.reference);
      await addRelay("relay", backends.pair);
      await addRelay("relay, joining off", backends.pair, JOINING_OFF);
      list.push(...options.also.map((given) => ({ name: given.name, server: toServer(given) })));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { list, close };
}

function configText(servers: readonly Server[], output: string): string {
  const outputs = servers.map(({ host, port }, i) => {
    const more = output === "" ? "" : `, ${output}`;
    return `  { name = "${"ab"[i]}", location = "http://${host}:${port}/write"${more} },`;
  });
  return `shutdown-timeout = "${SHUTDOWN}"
[[http]]
name = "${LISTENER}"
bind-addr = "127.0.0.1:0"
output = [
${outputs.join("\n")}
]
`;
}

function relayEnv({ profile }: Options): Record<string, string> {
  return profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` };
}
