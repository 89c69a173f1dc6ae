import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { startRelay } from "../../support/relay-process.ts";
import { poll, withLimit } from "../../support/wait.ts";

/** Nobody listens there. */
const OUTPUT = "http://127.0.0.1:1/write";

function configOf(admin: string, port = 0): string {
  const table = admin === "none" ? "" : `[admin]\nbind-addr = "127.0.0.1:${port}"\n${admin}\n`;
  return `${table}[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\noutput = [{ name = "a", location = "${OUTPUT}" }]\n`;
}

async function statusOf(url: string, token: string): Promise<number | string> {
  try {
    const response = await fetch(`${url}/spool`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return "refused";
  }
}

/** The stream of the status page, as a browser opens it that was given the token as a password. */
async function eventsOf(url: string, token: string) {
  const headers = { authorization: `Basic ${btoa(`:${token}`)}` };
  const response = await fetch(`${url}/events`, { headers });
  assert.equal(response.status, 200);
  const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader();
  return {
    next: async () => (await reader.read()).value ?? "",
    end: async () => {
      while (!(await reader.read()).done);
    },
  };
}

for (const runtime of ["node", "deno"] as const) {
  test(`${runtime}: the admin listener comes, changes its token and goes with the config`, async () => {
    const relay = await startRelay({ config: configOf("none"), runtime });
    let reloads = 0;
    const reload = async (config: string) => {
      writeFileSync(relay.configFile, config);
      relay.signal("SIGHUP");
      reloads++;
      await poll(
        async () => relay.log.filter(({ event }) => event === "reloaded").length === reloads,
        "the reload",
        undefined,
        () => relay.output,
      );
    };
    try {
      assert.ok(!relay.output.includes("[admin]"));
      await reload(configOf('token = "first"'));
      const url = relay.url("[admin]");
      assert.equal(await statusOf(url, "first"), 200);
      assert.equal(await statusOf(url, "second"), 401);
      const health = await fetch(`${url}/health`);
      assert.equal(health.status, 200);
      await health.arrayBuffer();
      const events = await eventsOf(url, "first");
      assert.match(await events.next(), /^retry: 1000\ndata: \{"title":/);
      // The address as the config has it: a listener that stays keeps its port.
      await reload(configOf('token = "second"'));
      // Who looks at the page has to come with the new one.
      await withLimit(events.end(), "the end of the stream");
      assert.equal(relay.url("[admin]"), url);
      assert.equal(await statusOf(url, "first"), 401);
      assert.equal(await statusOf(url, "second"), 200);
      const last = await eventsOf(url, "second");
      await last.next();
      // Writes are not taken there, nor are commands on the others.
      assert.equal((await fetch(`${url}/write?db=d`, { method: "POST", body: "m v=1" })).status, 401);
      assert.equal(await statusOf(relay.url("main"), "second"), 404);
      await reload(configOf("none"));
      await poll(async () => (await statusOf(url, "second")) === "refused", "the listener to be gone");
      await withLimit(last.end(), "the end of the stream");
    } finally {
      await relay.kill();
    }
  });
}

test("what is kept in memory only is listed too", async () => {
  const relay = await startRelay({ config: configOf("") });
  try {
    const url = relay.url("[admin]");
    const response = await fetch(`${url}/spool`);
    assert.deepEqual(await response.json(), {
      backends: [
        {
          name: "a",
          orphan: false,
          backlog: { records: 0, bytes: 0 },
          held: { records: 0, bytes: 0, destinations: [] },
          dead: { records: 0, bytes: 0 },
          lost: [],
          suspect: [],
          omitted: 0,
        },
      ],
    });
  } finally {
    await relay.kill();
  }
});
