import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { loadConfigFile } from "../../../adapters/node/config-file.ts";
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
