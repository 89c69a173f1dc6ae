import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { createPageGuard } from "../../../src/admin/guard.ts";
import { MAX_VIEWERS } from "../../../src/admin/page/viewers.ts";
import { Secret } from "../../../src/config/secret.ts";
import { SpoolError } from "../../../src/errors.ts";
import { createLog } from "../../../src/observe/log.ts";
import { brokenStatus, calmStatus, EMPTY_STATUS, testPage, webStream } from "../../support/status-page.ts";
import { createTestPlatform } from "../../support/test-platform.ts";

const TOKEN = "canary7secret";
const PATHS = ["/", "/page.css", "/page.js", "/page.svg", "/events"];

type PageOptions = Parameters<typeof testPage>[1];

function fixture(options: PageOptions = {}, token: string | undefined = undefined) {
  const platform = createTestPlatform();
  const page = testPage(platform, options);
  const app = new Hono();
  const config = { token: token === undefined ? undefined : new Secret(token) };
  page.addTo(app, createPageGuard(config, createLog(platform.log, platform.clock)), { stream: webStream });
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    app.request(`http://127.0.0.1:9097${path}`, { headers, method });
  const text = async (path = "/") => (await get(path)).text();
  return { ...platform, app, page, get, text };
}

const basic = (name: string, password: string) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` });

test("a browser is asked for the token as a password, whatever the name", async () => {
  const { get, logged } = fixture({}, TOKEN);
  for (const path of PATHS) {
    for (const headers of [{}, basic(TOKEN, ""), basic(TOKEN, "x"), basic("admin", `${TOKEN}x`)]) {
      const refused = await get(path, headers);
      assert.equal(refused.status, 401, path);
      assert.match(refused.headers.get("www-authenticate") ?? "", /^Basic realm=/);
    }
    for (const headers of [basic("", TOKEN), basic("anybody", TOKEN), { authorization: `Bearer ${TOKEN}` }]) {
      const answer = await get(path, headers);
      assert.equal(answer.status, 200, path);
      await answer.body?.cancel();
    }
  }
  assert.ok(!JSON.stringify(logged).includes(TOKEN));
});

test("without a token only who names the listener by a loopback address may look", async () => {
  const { app } = fixture();
  for (const path of PATHS) assert.equal((await app.request(`http://evil.example:9097${path}`)).status, 403);
});

test("nothing but its own files may be loaded, and nobody may show it in a page of his own", async () => {
  const { get } = fixture();
  for (const path of PATHS) {
    const { headers, body } = await get(path);
    await body?.cancel();
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
});

test("the page has no script, style or form in it", async () => {
  const text = await fixture({ status: () => brokenStatus("b") }).text();
  assert.doesNotMatch(
    text,
    /<script(?! src="\/page\.js" defer><\/script>)|<style|<form|<button|\son\w+=|\sstyle=/,
  );
});

test("each trouble is there without JavaScript, with the command that resolves it", async () => {
  const text = plain(await fixture({ status: () => brokenStatus("b"), config: "my relay.toml" }).text());
  for (const part of [
    "b is down; queries go to the other one",
    "down: refused start the server or repair the way to it: it is asked again by itself",
    "influxdb-relay resume b --config 'my relay.toml'",
    "influxdb-relay recover --backend b --config 'my relay.toml'",
    "influxdb-relay spool show --backend b --dead --config 'my relay.toml'",
    "if a is right: influxdb-relay recover --backend b --from a --deep --config 'my relay.toml'",
    "it answered 404 database not found; create what is missing there",
    "repairing with a",
    "12 of 40",
    "lost telegraf default",
    "suspect any any",
    "Relay 10.0.0.3:9097 no answer start it",
    "fields with different types, as f of m in telegraf",
    "drop the measurement on the server whose type is wrong, then repair that server",
  ]) {
    assert.ok(text.includes(part), `${part}\n${text}`);
  }
  assert.match(await fixture().text(), /<noscript><meta http-equiv="refresh" content="5">/);
});

test("troubles that one command resolves are told together, and it once", async () => {
  const text = plain(await fixture({ status: () => brokenStatus("b") }).text());
  assert.equal(text.split("influxdb-relay recover --backend b --config").length - 1, 1);
  assert.match(
    text,
    /lost: writes .* of time suspect: it may .* of time it is repaired by itself unless a person has to decide/,
  );
});

test("a UDP listener is drawn with whose servers get its lines", async () => {
  const datagrams = { received: 5, forwarded: 5, lines: 5, dropped: { malformed: 2 } };
  const status = { ...calmStatus(), udp: [{ name: "statsd", to: "main", kernelDrops: 1, datagrams }] };
  const text = plain(await fixture({ status: () => status }).text());
  assert.match(text, /statsd this relay 3 datagrams dropped written to the servers of main/);
});

test("what is wrong for clients is said first", async () => {
  const verdict = async (status: object) =>
    /role="status">([^<]*)</.exec(await fixture({ status: () => status }).text())?.[1];
  assert.equal(await verdict(calmStatus()), "Both servers are in sync");
  const status = brokenStatus("b");
  assert.equal(await verdict(status), "b is down; queries go to the other one");
  const [a, b] = status.backends;
  const none = { ...status, backends: [{ ...a, inSync: false, reasons: ["drained by operator"] }, b] };
  assert.equal(await verdict(none), "No server of main is in sync: queries may miss points");
  const down = { ...status, backends: [{ ...b, name: "a" }, b] };
  assert.equal(await verdict(down), "No server of main answers");
  const dead = { records: 1, bytes: 1, added: 1, dropped: 0, notStored: 0 };
  const calm = calmStatus();
  const letter = { ...calm, backends: calm.backends.map((each) => ({ ...each, deadLetters: dead })) };
  assert.equal(await verdict(letter), "Both servers are in sync; 2 other matters to look at");
});

test("shards are drawn with their share", async () => {
  const status = calmStatus();
  const shard = { weight: 1, replicas: ["a"], writes: 1, lines: 25, bytes: 1 };
  const shards = [
    { ...shard, name: "s1" },
    { ...shard, name: "s2", weight: 3, replicas: ["b"], lines: 75 },
  ];
  const [listener] = status.listeners;
  const text = plain(
    await fixture({
      status: () => ({ ...status, listeners: [{ ...listener, sharding: { shards } }] }),
    }).text(),
  );
  assert.ok(text.includes("shard s2 share 75 %"), text);
  assert.ok(text.includes("main s1 a 25 % 25 % 1 25 1 B"), text);
});

test("nothing that comes from outside becomes markup, wherever it is shown", async () => {
  const hostile = `"><img src=x onerror=alert(1)>'&`;
  const escaped = "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;";
  const everywhere = JSON.parse(JSON.stringify(brokenStatus("b")), (key, value) => {
    const fixed = ["runtime", "mode", "state", "phase", "min", "max", "start", "end", "severity"];
    return typeof value === "string" && !fixed.includes(key) ? `${value}${hostile}` : value;
  });
  const record = {
    db: hostile,
    rp: hostile,
    precision: "ns",
    timeMs: 1,
    bytes: 1,
    preview: "",
    error: hostile,
  };
  const spool = { show: async () => ({ records: [record], more: false }) };
  const { get, text } = fixture({ status: () => everywhere, config: hostile, spool });
  const page = await text();
  assert.ok(!page.includes("<img"), page);
  assert.ok(page.split(escaped).length > 40);
  const { body } = await get("/events");
  const { value } = (await body?.getReader().read()) ?? {};
  // The title is set as a text.
  const { main } = JSON.parse(new TextDecoder().decode(value).split("data: ")[1] ?? "");
  assert.ok(!main.includes("<img") && main.includes(escaped));
});

test("dead letters are shown with their reasons, and read again only when there are others", async () => {
  const status = brokenStatus("b");
  let asked = 0;
  const letter = { db: "telegraf", rp: "", precision: "ns", timeMs: 1, bytes: 1, preview: "secret" };
  const records = [1, 2, 3].map((i) => ({ ...letter, status: 400, error: i < 3 ? "conflict" : "other" }));
  const show = async () => {
    asked++;
    return { records, more: true };
  };
  const { text, clock } = fixture({ status: () => status, spool: { show } });
  const page = await text();
  assert.match(
    plain(page),
    /b telegraf default 2 400 conflict b telegraf default 1 400 other b \.\.\. and more/,
  );
  assert.ok(!page.includes("secret"));
  await clock.advance(1_000);
  await text();
  assert.equal(asked, 1);
  const b = status.backends[1]?.deadLetters;
  if (b !== undefined) Object.assign(b, { added: 5 });
  await clock.advance(1_000);
  await text();
  assert.equal(asked, 2);
});

test("dead letters that cannot be read do not hide the rest", async () => {
  const show = async () => Promise.reject(new SpoolError("io", "disk on fire"));
  const text = await fixture({ status: () => brokenStatus("b"), spool: { show } }).text();
  assert.match(text, /cannot be read: disk on fire/);
});

test("the demo has no config that a command could name", async () => {
  const text = await fixture({ status: () => brokenStatus("b"), config: undefined }).text();
  assert.ok(!text.includes("<code>") && text.includes("This is the demo"));
});

test("snapshots come as events without a reload, one a second, to whoever looks", async () => {
  const state = { status: calmStatus() as object };
  const { get, clock } = fixture({ status: () => state.status });
  const { headers, body } = await get("/events");
  assert.equal(headers.get("content-type"), "text/event-stream; charset=utf-8");
  const reader = body?.getReader();
  const next = async () => {
    const event = new TextDecoder().decode((await reader?.read())?.value);
    const [, data = ""] = /^retry: 1000\ndata: (.*)\n\n$/.exec(event) ?? [];
    return JSON.parse(data);
  };
  assert.equal((await next()).title, "InfluxDB Relay: in sync");
  state.status = brokenStatus("b");
  await clock.advance(1_000);
  const { title, main } = await next();
  assert.equal(title, "b is down; queries go to the other one");
  assert.match(main, /lacks 12.034 writes, catches up when it is up/);
  await reader?.cancel();
  await clock.advance(1_000);
  assert.equal(clock.pending, 0);
});

test("streams end when the relay stops", async () => {
  const { get, page } = fixture();
  const { body } = await get("/events");
  const reader = body?.getReader();
  await reader?.read();
  page.endStreams();
  assert.equal((await reader?.read())?.done, true);
  const again = (await get("/events")).body?.getReader();
  assert.equal((await again?.read())?.done, false);
  page.close();
  assert.equal((await again?.read())?.done, true);
  assert.equal(await (await get("/events")).text(), "");
});

test("whoever comes when all places are taken is told so in a way that a browser shows", async () => {
  const { get } = fixture();
  const viewers = await Promise.all(Array.from({ length: MAX_VIEWERS }, () => get("/events")));
  const refused = await get("/events");
  assert.equal(refused.status, 200);
  assert.match(refused.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(
    await refused.text(),
    `event: full\ndata: ${MAX_VIEWERS} others look at this page: it is not live, and loads itself again every few seconds\n\n`,
  );
  await Promise.all(viewers.map(({ body }) => body?.cancel()));
});

test("another site cannot open the stream, and only GET does", async () => {
  const { get } = fixture();
  assert.equal((await get("/events", { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await get("/events", {}, "HEAD")).status, 405);
  for (const path of PATHS) assert.equal((await get(path, {}, "POST")).status, 404);
});

test("whoever loads the page gets a snapshot that is at most a second old, made once", async () => {
  let made = 0;
  const status = () => {
    made++;
    return EMPTY_STATUS;
  };
  const { text, clock } = fixture({ status });
  await Promise.all([text(), text(), text()]);
  assert.equal(made, 1);
  await clock.advance(1_000);
  await text();
  assert.equal(made, 2);
});

/** What a person reads. */
function plain(page: string): string {
  return page
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replace(/\s+/g, " ");
}
