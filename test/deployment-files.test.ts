import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../src/config/parse.ts";
import { temporaryDirectory } from "./support/child.ts";
import { findProgram, requirePython, requireReal } from "./support/require-real.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const DOCKERFILE = read("examples/docker/Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll("\\\n", "")
  .split("\n")
  .filter((line) => line !== "");
const given = (word: string) => DOCKERFILE.filter((line) => line.trimStart().startsWith(`${word} `));

test("the Dockerfile copies what is there and what .dockerignore lets through", () => {
  const ignore = read("examples/docker/Dockerfile.dockerignore").split("\n");
  const copied = given("COPY")
    .filter((line) => !line.includes("--from"))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
  assert.ok(copied.length > 8);
  for (const name of copied) {
    assert.ok(existsSync(join(ROOT, name)), name);
    const pattern = name.startsWith("tsconfig") ? "!tsconfig*.json" : `!${name}`;
    assert.ok(ignore.includes(pattern), name);
  }
});

test("the image runs the package's command, and not as root", () => {
  const { bin } = JSON.parse(read("package.json"));
  const [entry = ""] = given("ENTRYPOINT");
  assert.ok(entry.includes(`/node_modules/influxdb-relay/${bin["influxdb-relay"]}`), entry);
  assert.equal(given("FROM").length, 2);
  const last = DOCKERFILE.findLastIndex((line) => line.startsWith("FROM "));
  const users = DOCKERFILE.slice(last).filter((line) => line.startsWith("USER "));
  assert.deepEqual(users, ["USER node"]);
});

test("the image's health check tells a relay that answers from none", async () => {
  const [, json = ""] = /HEALTHCHECK .*CMD (\[.*\])$/m.exec(DOCKERFILE.join("\n")) ?? [];
  const [program, ...args] = JSON.parse(json) as string[];
  assert.equal(program, "node");
  const check = (url: string) =>
    spawnSync(process.execPath, args, { env: { HEALTH_URL: url }, timeout: 20_000 }).status;
  assert.equal(check("http://127.0.0.1:1/health"), 1);
  const script = `require("http").createServer((q, r) => r.end()).listen(0, "127.0.0.1", function () {
    const { spawn } = require("child_process");
    process.env.HEALTH_URL = "http://127.0.0.1:" + this.address().port + "/health";
    spawn(process.execPath, ${JSON.stringify(args)}, { stdio: "inherit" }).on("exit", (code) => process.exit(code));
  });`;
  assert.equal(spawnSync(process.execPath, ["-e", script], { timeout: 20_000 }).status, 0);
});

const python = requirePython("yaml");

test("compose.yaml names services, volumes and ports that its config and itself have", {
  skip: python.skip,
}, () => {
  const print = "import json,sys,yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
  const compose = JSON.parse(
    execFileSync(python.program, ["-c", print], {
      input: read("examples/docker/compose.yaml"),
      encoding: "utf8",
    }),
  );
  const source = { name: "relay.toml", env: () => undefined, readFile: () => "" };
  const { http, udp, spool } = parseConfig(read("examples/docker/relay.toml"), source);
  for (const { origin } of http.flatMap(({ outputs }) => outputs))
    assert.ok(compose.services[new URL(origin).hostname], origin);
  const { relay } = compose.services;
  const ports = [...http, ...udp].map(({ bindAddr }) => bindAddr.port);
  assert.deepEqual(
    relay.ports.map((port: string) => Number.parseInt(port.split(":").at(-1) ?? "", 10)),
    ports,
  );
  assert.ok(existsSync(join(ROOT, "examples/docker", relay.build.context, relay.build.dockerfile)));
  for (const service of Object.values<{ volumes: string[] }>(compose.services)) {
    for (const volume of service.volumes) {
      const [from = ""] = volume.split(":");
      if (from.startsWith(".")) assert.ok(existsSync(join(ROOT, "examples/docker", from)), from);
      else assert.ok(from in compose.volumes, from);
    }
  }
  assert.ok(relay.volumes.some((volume: string) => spool?.dir.startsWith(volume.split(":")[1] ?? "?")));
});

const skip = requireReal("systemd-analyze");

test("systemd finds nothing wrong with the unit, and little to be exposed", { skip }, () => {
  const directory = temporaryDirectory("systemd");
  const unit = join(directory, "influxdb-relay@1.service");
  const text = read("examples/systemd/influxdb-relay@.service");
  writeFileSync(unit, text.replace("/opt/influxdb-relay/node_modules/.bin/node", process.execPath));
  const analyze = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(findProgram("systemd-analyze") ?? "", args, {
      encoding: "utf8",
      timeout: 30_000,
    });
    return { status, output: stdout + stderr };
  };
  const verified = analyze("verify", "--man=no", unit);
  assert.deepEqual(verified, { status: 0, output: "" });
  const { status, output } = analyze("security", "--offline=true", "--threshold=20", "--no-pager", unit);
  assert.equal(status, 0, output);
});
