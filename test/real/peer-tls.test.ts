import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createServer, type Server } from "node:tls";
import type { PeerStatus } from "../../src/peers/peers.ts";
import { certificates } from "../support/certificates.ts";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "../support/faulty-influxdb.ts";
import { type RelayProcess, startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { readStatus } from "../support/status.ts";
import { poll } from "../support/wait.ts";
import { ask, mainListener, write } from "./replica-set.ts";

/** What stands before the admin listener of a relay where peers speak https. */
class TlsProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  target: number | undefined;

  private constructor() {
    const { cert, key } = certificates().good;
    this.#server = createServer({ cert, key }, (socket) => {
      const onward = connect(this.target ?? 0, "127.0.0.1");
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => to.destroy());
        from.pipe(to);
      }
    });
    this.#server.on("tlsClientError", () => {});
  }

  static async start(): Promise<TlsProxy> {
    const proxy = new TlsProxy();
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get name(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

describe("relays whose admin listeners are behind TLS", { skip: requireReal("openssl") }, () => {
  const dir = temporaryDirectory("peer-tls");
  let a: FaultyInfluxdb;
  let proxies: TlsProxy[];
  let relays: RelayProcess[];

  before(async () => {
    a = await startFaultyInfluxdb();
    proxies = await Promise.all([TlsProxy.start(), TlsProxy.start()]);
    relays = await Promise.all([startRelay({ config: config("") }), startRelay({ config: config("") })]);
    for (const [i, proxy] of proxies.entries()) proxy.target = relays[i]?.port("[admin]");
  });
  after(async () => {
    await Promise.all([a?.close(), ...(relays ?? []).map((relay) => relay.kill())]);
    for (const proxy of proxies ?? []) proxy.close();
    removeDirectory(dir);
  });

  const config = (peers: string, output = "", udp = "") =>
    `[admin]\nbind-addr = "127.0.0.1:0"\ntoken = "t"\n${peers}\n${mainListener([a], output)}
[[udp]]\nname = "udp"\nbind-addr = "127.0.0.1:0"\nto = "main"\ndatabase = "demo"\n${udp}`;
  const naming = (proxy: TlsProxy, ca: string) =>
    `peers = ["https://${proxy.name}"]\npeer-ca = ${JSON.stringify(ca)}`;

  /** What the relay says about it. */
  async function reload(relay: RelayProcess, text: string): Promise<string> {
    const before = relay.log.length;
    writeFileSync(relay.configFile, text);
    relay.signal("SIGHUP");
    const isEnd = ({ event }: { event: string }) => event === "reloaded" || event === "reload-failed";
    const end = await relay.waitForLog((line) => isEnd(line) && relay.log.indexOf(line) >= before);
    return JSON.stringify(end);
  }

  async function peersOf(relay: RelayProcess): Promise<readonly PeerStatus[]> {
    const { body } = await ask(relay.url("main"), "/status");
    return readStatus<{ peers: readonly PeerStatus[] }>(body).peers;
  }

  const isReached = async (relay: RelayProcess) => (await peersOf(relay))[0]?.reachable === true;

  test("they know each other by certificates of an authority of their own", async () => {
    const ca = certificates().ca.certFile;
    const [one, two] = proxies as [TlsProxy, TlsProxy];
    for (const [i, other] of [two, one].entries()) {
      assert.match(await reload(relays[i]!, config(naming(other, ca))), /"reloaded"/);
      await poll(() => isReached(relays[i]!), "the peer to answer");
      assert.deepEqual((await peersOf(relays[i]!))[0]?.problems, []);
    }
  });

  test("a certificate of another authority is a warning that says so, and how to mend it", async () => {
    const [relay] = relays as [RelayProcess];
    const [, other] = proxies as [TlsProxy, TlsProxy];
    const file = join(dir, "ca.pem");
    writeFileSync(file, certificates().client.cert);
    await reload(relay, config(naming(other, file)));
    const line = await relay.waitForLog(({ event }) => event === "peer-unreachable");
    assert.deepEqual([line.level, line["peer"]], ["warn", other.name]);
    assert.match(`${line["what"]}`, /certificate: unknown issuer/);
    assert.match(`${line["next"]}`, /peer-ca/);
    const [peer] = await peersOf(relay);
    assert.deepEqual([peer?.reachable, peer?.problems[0]?.severity], [false, "warning"]);
    writeFileSync(file, certificates().ca.cert);
    await reload(relay, config(naming(other, file)));
    await poll(() => isReached(relay), "the peer to answer");
  });

  const files = { empty: "", garbage: "no certificate" };
  const file = (name: keyof typeof files) => {
    const path = join(dir, name);
    writeFileSync(path, files[name]);
    return path;
  };
  const wrong: readonly (readonly [string, () => string, RegExp])[] = [
    [
      "a peer-ca that is not there",
      () => config(naming(proxies[1]!, "/nowhere/ca.pem")),
      /peer-ca: .*no such file.*\/nowhere\/ca\.pem/,
    ],
    [
      "an empty peer-ca",
      () => config(naming(proxies[1]!, file("empty"))),
      /peer-ca: is no PEM file with certificates/,
    ],
    [
      "a peer-ca that is no PEM file",
      () => config(naming(proxies[1]!, file("garbage"))),
      /peer-ca: is no PEM file with certificates/,
    ],
    [
      "a peer that is no URL",
      () => config('peers = ["10.0.0.2"]'),
      /admin\.peers\[0\]: .*the URL of a relay's admin listener/,
    ],
    [
      "a ca of an output that is not there",
      () => config("", 'ca = "/nowhere/ca.pem"').replaceAll("http://", "https://"),
      /output a: ca: .*no such file.*\/nowhere\/ca\.pem/,
    ],
  ];
  for (const [what, text, says] of wrong) {
    test(`a reload with ${what} says so, and leaves all as it was`, async () => {
      const [relay] = relays as [RelayProcess];
      const before = await peersOf(relay);
      const listening = () => relay.log.filter(({ event }) => event === "listening").length;
      const listeners = listening();
      const said = await reload(relay, text().replace('"demo"', '"other"'));
      assert.match(said, /"reload-failed".*the old config stays in force/);
      assert.match(JSON.parse(said).error, says);
      assert.deepEqual(
        (await peersOf(relay)).map(({ name }) => name),
        before.map(({ name }) => name),
      );
      assert.ok(await isReached(relay));
      assert.equal(listening(), listeners, "a listener was opened anew");
      assert.equal((await write(relay.url("main"), "demo", "m v=1 1")).status, 204);
    });
  }
});
