import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { MAX_VIEWERS } from "../../src/admin/page/viewers.ts";
import { removeDirectory, temporaryDirectory } from "../support/child.ts";
import { startChromium } from "../support/chromium.ts";
import { startRealInfluxdb } from "../support/real-influxdb.ts";
import { startRelay } from "../support/relay-process.ts";
import { requireReal } from "../support/require-real.ts";
import { mainListener, write } from "./replica-set.ts";

const TOKEN = "of-the-page";
/** A body of about 250 KiB. */
const BODY = Array.from({ length: 10_000 }, (_, i) => `load,host=h${i % 7} value=${i}i ${i + 1}\n`).join("");
const BODIES = 16;
const OUTPUT = "drain-max-mb-per-second = 1";

/** The same servers, each as a shard of its own. */
function sharded(servers: readonly { readonly url: string }[], weight: number): string {
  const shards = servers.map(({ url }, i) => {
    const output = `{ name = "${i === 0 ? "a" : "b"}", location = "${url}/write", max-delay-interval = "250ms", ${OUTPUT} }`;
    return `[[http.shard]]\nname = "s${i + 1}"\nweight = ${i === 0 ? 1 : weight}\noutput = [${output}]\n`;
  });
  return `[[http]]\nname = "sharded"\nbind-addr = "127.0.0.1:0"\nshard-by = "measurement"\n${shards.join("")}`;
}

test("a person sees an outage, catching up and recovery without a reload", {
  skip: requireReal("influxd", "chromium"),
}, async (t) => {
  const dir = temporaryDirectory("status-page");
  t.after(() => removeDirectory(dir));
  const [a, b, chromium] = await Promise.all([
    startRealInfluxdb({ databases: ["demo"] }),
    startRealInfluxdb({ databases: ["demo"] }),
    startChromium(),
  ]);
  t.after(() => Promise.all([a.close(), b.close(), chromium.close()]));
  const admin = `[admin]\nbind-addr = "127.0.0.1:0"\ntoken = "${TOKEN}"\n`;
  const tables = `[spool]\ndir = "${dir}/spool"\nfsync = "never"\n${admin}`;
  const listener = mainListener([a, b], OUTPUT);
  const file = join(dir, "relay.toml");
  writeFileSync(file, tables + listener);
  const relay = await startRelay({ config: "", args: ["--config", relative(process.cwd(), file)] });
  t.after(() => relay.kill());

  const tab = await chromium.newTab();
  const address = new URL(relay.url("[admin]"));
  address.username = "anybody";
  address.password = TOKEN;
  await tab.open(address.href);
  const verdict = (text: string) =>
    `document.querySelector(".verdict").textContent.includes(${JSON.stringify(text)})`;
  const shows = (pattern: RegExp) => `${pattern}.test(document.querySelector("main").innerText)`;
  await tab.until(
    `document.documentElement.dataset.live === "yes" && ${verdict("Both servers are in sync")}`,
  );
  await tab.evaluate("void (window.notLoadedAgain = true)");

  await b.kill();
  for (let i = 0; i < BODIES; i++) assert.equal((await write(relay.url("main"), "demo", BODY)).status, 204);
  await tab.until(verdict("b is down; queries go to the other one"));
  await tab.until(shows(/start the server or repair the way to it/));
  await tab.until(shows(new RegExp(`lacks ${BODIES} writes, catches up when it is up`)));
  await tab.until(shows(/Clients\s+[\d.]+\/s writes/));
  // What somebody marked to copy it stays marked when the next snapshot comes.
  await tab.evaluate(`getSelection().selectAllChildren(document.querySelector(".card h3"))`);
  const time = await tab.evaluate<string>(`document.querySelector("time").textContent`);
  await tab.until(`document.querySelector("time").textContent !== ${JSON.stringify(time)}`);
  assert.equal(await tab.evaluate("getSelection().toString()"), "b");

  await b.start();
  await tab.until(`${verdict("b is behind")} && ${shows(/lacks \d+ writes?, catches up in \d+s/)}`);
  await tab.until(verdict("Both servers are in sync"), 20_000);
  assert.equal(await tab.evaluate("document.title"), "InfluxDB Relay: in sync");
  assert.deepEqual(await b.points("demo"), await a.points("demo"));
  assert.ok(await tab.evaluate("window.notLoadedAgain"));
  assert.deepEqual(tab.complaints, []);

  // A reload divides points among shards, as another relay does too, which weighs them differently.
  const two = await startRelay({ config: admin + mainListener([a, b]) + sharded([a, b], 1) });
  t.after(() => two.kill());
  const port = two.port("[admin]");
  const peers = `peers = ["http://127.0.0.1:${port}"]\n`;
  writeFileSync(file, tables + peers + listener + sharded([a, b], 3));
  relay.signal("SIGHUP");
  await relay.waitForLog(({ event }) => event === "reloaded");
  await write(relay.url("sharded"), "demo", "m v=1 1");
  await tab.until(shows(/shard s1\s+share 25 %[\s\S]+shard s2\s+share 75 %\s+got (100|0) % of the lines/));
  await tab.until(`document.querySelectorAll("#drawing .shard meter")[1].value === 75`);
  await tab.until(shows(new RegExp(`Other relays\\s+share these servers\\s+127.0.0.1:${port}\\s+answers`)));
  await tab.until(
    shows(new RegExp(`Relay 127.0.0.1:${port}\\s+listener "sharded" has another map of the shards`)),
  );
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const command = (name: string) =>
    fetch(`${relay.url("[admin]")}/backends/b/${name}`, { method: "POST", headers, body: "{}" });
  assert.equal((await command("drain")).status, 200);
  await tab.until(
    shows(new RegExp(`when it may have queries again:\\s+influxdb-relay resume b --config ${file}`)),
  );
  await tab.set({ width: 390 });
  await tab.until("innerWidth === 390 && document.documentElement.scrollWidth <= 390");
  assert.equal((await command("resume")).status, 200);

  // One more than may look live.
  const leave = new AbortController();
  const look = { headers, signal: leave.signal };
  const events = new URL("/events", relay.url("[admin]"));
  await Promise.all(Array.from({ length: MAX_VIEWERS - 1 }, () => fetch(events, look)));
  const late = await chromium.newTab();
  await late.open(address.href);
  await late.until(`document.getElementById("live").textContent.startsWith("${MAX_VIEWERS} others look")`);
  assert.match(await late.text("main"), /Clients, relays, servers/i);
  leave.abort();

  // Without JavaScript everything is there too.
  const still = await chromium.newTab();
  await still.set({ script: false });
  await still.open(address.href);
  const text = await still.text("main");
  assert.match(text, /Both servers are in sync/);
  assert.match(text, /SERVERS\s+Server\s+State[\s\S]*b\s+in sync/i);
  assert.deepEqual(still.complaints, []);

  // It may be loading just now: then there is no element.
  await late.until(`document.querySelector('html[data-live="yes"]')`);
  assert.deepEqual(late.complaints, []);

  // Who looks does not keep the relay from ending, and sees that it has.
  const started = performance.now();
  assert.equal(await relay.stop(), 0);
  assert.ok(performance.now() - started < 5_000);
  await tab.until(`document.getElementById("live").textContent.startsWith("No connection to the relay")`);
});
