import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "../../../adapters/node/command.ts";
import { startHttpListener } from "../../../adapters/node/http-listener.ts";
import { nodePlatform } from "../../../adapters/node/platform.ts";
import { clientAddress, readBody } from "../../../adapters/node/request-body.ts";
import { stream } from "../../../adapters/node/response-stream.ts";
import { removeDirectory, temporaryDirectory } from "../../support/child.ts";

const host = {
  runtime: "node",
  platform: nodePlatform,
  http: { start: startHttpListener, readBody, clientAddress, stream, checkTls: () => {} },
} as const;

async function run(...args: string[]): Promise<{ code: number; printed: string }> {
  const printed: string[] = [];
  const print = { write: (text: string) => void printed.push(text) };
  const code = await runCommand(args, host, { stdout: print, stderr: print });
  return { code, printed: printed.join("") };
}

/** The commands that the help names; `drain, resume` are two, and `spool ...` has commands of its own. */
async function commands(): Promise<string[]> {
  const { printed } = await run("--help");
  const names = [...printed.matchAll(/^ {2}([a-z, ]+?)(?: \.\.\.)? {2,}\S/gm)].flatMap(([, name = ""]) =>
    name.split(", "),
  );
  assert.ok(names.length >= 9, names.join());
  return names;
}

test("each command has a help with its exit codes and an example, and says what a wrong option is", async () => {
  for (const name of await commands()) {
    const { code, printed } = await run(name, "--help");
    assert.equal(code, 0, name);
    assert.match(printed, new RegExp(`^influxdb-relay ${name} `), name);
    assert.match(printed, /^Exit codes: 0 /m, name);
    assert.match(printed, /^ {2}--config FILE /m, name);
    if (name !== "serve") assert.match(printed, /--json/, name);
    const wrong = await run(name, "--no-such-option");
    assert.equal(wrong.code, 2, name);
    assert.match(wrong.printed, /--help|no such command/, name);
    if (/ COMMAND /.test(printed.split("\n")[0] ?? "")) {
      for (const [, action = ""] of printed.matchAll(/^ {2}([a-z]+) {2,}\S/gm)) {
        const help = await run(name, action, "--help");
        assert.match(
          help.printed,
          new RegExp(`^ {2}influxdb-relay ${name} ${action} .*--config relay\\.toml`, "m"),
        );
      }
    } else
      assert.match(printed, new RegExp(`^ {2}influxdb-relay ${name} .*--config relay\\.toml`, "m"), name);
  }
});

test("a command that there is not is refused with 2, as is a config that is not there", async () => {
  assert.deepEqual(await run("serv"), {
    code: 2,
    printed: "serv: no such command; see influxdb-relay --help\n",
  });
  for (const name of ["check", "doctor", "status"]) {
    const { code, printed } = await run(name, "--config", "/nowhere/relay.toml");
    assert.equal(code, 2, name);
    assert.match(printed, /nowhere\/relay\.toml: there is no such file/);
  }
});

test("a relay that runs with another token: the command, and doctor, say which token is wrong", async (t) => {
  const relay = createServer((_, response) => response.writeHead(401).end('{"error":"wrong or no token"}'));
  await once(relay.listen(0, "127.0.0.1"), "listening");
  t.after(() => relay.close());
  const address = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const dir = temporaryDirectory("token");
  t.after(() => removeDirectory(dir));
  const file = join(dir, "relay.toml");
  const listener =
    '[[http]]\nbind-addr = "127.0.0.1:0"\noutput = [{ name = "a", location = "http://127.0.0.1:1" }]\n';
  writeFileSync(file, `[admin]\nbind-addr = "${address}"\ntoken = "old"\n${listener}`);
  const advice = "the token of [admin] in the config is not that of the relay that runs";
  const refused = `the relay on ${address} says 401: wrong or no token`;
  assert.deepEqual(await run("status", "--config", file), { code: 1, printed: `${refused}; ${advice}\n` });
  const { printed } = await run("doctor", "--config", file);
  assert.ok(
    printed.includes(`warning  relay: running: cannot be asked: ${refused}\n          -> ${advice}\n`),
    printed,
  );
  assert.match(printed, /^warning {2}config: no \[spool\]/m);
});

test("a server that refuses the credentials of its output: compare says which ones it needs", async (t) => {
  const server = createServer((_, response) =>
    response.writeHead(401, { "content-type": "application/json" }).end('{"error":"authorization failed"}'),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  const dir = temporaryDirectory("refused");
  t.after(() => removeDirectory(dir));
  const file = join(dir, "relay.toml");
  const location = `location = "http://127.0.0.1:${(server.address() as AddressInfo).port}"`;
  const outputs = `[{ name = "a", ${location} }, { name = "b", ${location} }]`;
  writeFileSync(file, `[[http]]\nbind-addr = "127.0.0.1:0"\noutput = ${outputs}\n`);
  const { code, printed } = await run("compare", "--from", "a", "--to", "b", "--config", file);
  assert.equal(code, 1);
  assert.match(
    printed,
    /^[ab]: authorization failed; give its output the username and password of an admin$/m,
  );
});
