import assert from "node:assert/strict";
import { test } from "node:test";
import { configFromObject } from "../../src/config/parse.ts";
import { ConfigError } from "../../src/errors.ts";

const source = {
  name: "RELAY_CONFIG",
  env: () => undefined,
  readFile: () => {
    throw new Error("no files");
  },
  addresses: false,
};
const output = [{ name: "a", location: "http://a.test/write" }];
const problems = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

test("without addresses a listener needs none and must name none", () => {
  const config = configFromObject({ http: [{ output }] }, source);
  assert.deepEqual(config.http[0]?.bindAddr, { host: "", port: 0 });
  assert.deepEqual(
    problems(() => configFromObject({ http: [{ "bind-addr": ":9096", output }] }, source)),
    [
      {
        path: "http[0].bind-addr",
        message: 'must be left out: there are no addresses to listen on, found ":9096"',
      },
    ],
  );
  const withAddresses = { ...source, addresses: true };
  assert.equal(
    problems(() => configFromObject({ http: [{ output }] }, withAddresses))[0]?.path,
    "http[0].bind-addr",
  );
});

test("a listener without an address is reached by everybody: credentials of its outputs need auth", () => {
  const http = [{ output: [{ ...output[0], token: "t" }] }];
  assert.equal(problems(() => configFromObject({ http }, source))[0]?.path, "http[0].auth");
});
