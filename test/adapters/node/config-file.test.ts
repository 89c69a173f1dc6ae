import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { combinedPem } from "../../../adapters/node/combined-pem.ts";
import { runCommand } from "../../../adapters/node/command.ts";
import { loadConfigFile } from "../../../adapters/node/config-file.ts";
import { startHttpListener } from "../../../adapters/node/http-listener.ts";
import { nodePlatform } from "../../../adapters/node/platform.ts";
import { clientAddress, readBody } from "../../../adapters/node/request-body.ts";
import { stream } from "../../../adapters/node/response-stream.ts";
import { ConfigError } from "../../../src/errors.ts";

function temporaryDirectory(t: test.TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "relay-config-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a config file takes variables from the environment and files from beside it", (t) => {
  const directory = temporaryDirectory(t);
  process.env["RELAY_TEST_HOST"] = "influx";
  t.after(() => delete process.env["RELAY_TEST_HOST"]);
  writeFileSync(join(directory, "token"), "geheim\n");
  const text = `[[http]]\nbind-addr = "127.0.0.1:0"\noutput = [{ location = "http://\${RELAY_TEST_HOST}", token = "\${file:token}" }]`;
  writeFileSync(join(directory, "relay.toml"), text);
  const output = loadConfigFile(join(directory, "relay.toml"), "node").http[0]?.outputs[0];
  assert.equal(output?.origin, "http://influx");
  assert.equal(output.authorization?.reveal(), "Token geheim");
});

test("a variable that only an object's prototype has is not set", (t) => {
  const path = join(temporaryDirectory(t), "relay.toml");
  writeFileSync(path, `[log]\nlevel = "\${constructor}"\n`);
  assert.throws(
    () => loadConfigFile(path, "node"),
    /log\.level: the environment variable constructor is not set/,
  );
});

test("a config file that is not there is a config error that says so", (t) => {
  const path = join(temporaryDirectory(t), "no.toml");
  assert.throws(
    () => loadConfigFile(path, "node"),
    (error) => error instanceof ConfigError && error.message === `${path}: there is no such file`,
  );
});

test("a config file that cannot be read is a config error that says why", (t) => {
  const path = temporaryDirectory(t);
  assert.throws(
    () => loadConfigFile(path, "node"),
    (error) => error instanceof ConfigError && error.message.startsWith(`${path}: cannot be read: EISDIR`),
  );
});

test("check and doctor name the option whose certificate a start could not use, and exit with 2", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "relay.toml");
  const junk = join(directory, "junk.pem");
  writeFileSync(junk, "junk\n");
  const host = {
    runtime: "node",
    platform: nodePlatform,
    http: { start: startHttpListener, readBody, clientAddress, stream, checkTls: combinedPem },
  } as const;
  for (const [listener, output, message] of [
    [
      `ssl-combined-pem = "${directory}/no.pem"\n`,
      "",
      /^\[\[http\]\] main: ssl-combined-pem: cannot be read: ENOENT/,
    ],
    [`ssl-combined-pem = "${junk}"\n`, "", /^\[\[http\]\] main: ssl-combined-pem: is not a PEM file/],
    ["", `, ca = "${directory}/no.pem"`, /^\[\[http\]\] main, output a: ca: cannot be read: ENOENT/],
    ["", `, cert = "${junk}", key = "${junk}"`, /^\[\[http\]\] main, output a: cert and key: is no PEM file/],
  ] as const) {
    const outputs = `output = [{ name = "a", location = "https://127.0.0.1:1/write"${output} }]\n`;
    writeFileSync(path, `[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\n${listener}${outputs}`);
    for (const command of ["check", "doctor"]) {
      let printed = "";
      const print = {
        write: (text: string) => {
          printed += text;
        },
      };
      const code = await runCommand([command, "--config", path], host, { stdout: print, stderr: print });
      assert.match(printed, message, command);
      assert.equal(code, 2, command);
    }
  }
});
