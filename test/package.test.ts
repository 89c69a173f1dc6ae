import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { send } from "./conformance/client.ts";
import { startChild, temporaryDirectory } from "./support/child.ts";
import { type FaultyInfluxdb, startFaultyInfluxdb } from "./support/faulty-influxdb.ts";
import { startRelay } from "./support/relay-process.ts";
import { skipOrThrow } from "./support/require-real.ts";
import { poll, withLimit } from "./support/wait.ts";
import { startWorkerd } from "./support/workerd.ts";

// The package as npm makes it of the checkout, installed in a directory with nothing else in it. Needs no network: its
// dependencies are those of the checkout.

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULES = join(ROOT, "node_modules");
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
/** Where .ci/run installs the oldest Node that the package is for. */
const NODE_22 = join(MODULES, ".cache", "node-22", "node_modules", ".bin", "node");
const without22 = existsSync(NODE_22) ? false : skipOrThrow("Node 22 not installed (.ci/run does it)");

const checkout = temporaryDirectory("checkout");
const home = temporaryDirectory("package");
const installed = join(home, "node_modules", "influxdb-relay");
let servers: readonly [FaultyInfluxdb, FaultyInfluxdb];

before(async () => {
  // Else packing would install into the linked directory, which empties it first.
  execFileSync(process.execPath, [join(ROOT, ".ci", "install.mjs")]);
  for (const name of [".ci", ".npmrc", "adapters", "src", "README.md", "LICENSE"])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  for (const name of readdirSync(ROOT).filter((name) => /^(package|tsconfig).*\.json$/.test(name)))
    cpSync(join(ROOT, name), join(checkout, name));
  symlinkSync(MODULES, join(checkout, "node_modules"));
  npm(checkout, "pack", "--silent");
  const [tarball = ""] = readdirSync(checkout).filter((name) => name.endsWith(".tgz"));
  const overrides = Object.fromEntries(
    Object.keys(MANIFEST.dependencies).map((name) => [name, `file:${join(MODULES, name)}`]),
  );
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module", overrides }));
  // A linked package would be prepared as if it were developed here.
  npm(home, "install", "--offline", "--ignore-scripts", "--loglevel=error", join(checkout, tarball));
  servers = [
    await startFaultyInfluxdb({ databases: ["mydb"] }),
    await startFaultyInfluxdb({ databases: ["mydb"] }),
  ];
});

after(() => Promise.all(servers?.map((server) => server.close()) ?? []));

function npm(cwd: string, ...args: readonly string[]): string {
  // The machine's own Node may be older than the package is for.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}` };
  return execFileSync("npm", args, { cwd, env, encoding: "utf8", timeout: 90_000 });
}

const outputs = () =>
  `output = [${servers.map(({ url }, i) => `{ name = "${i}", location = "${url}/write" }`).join(", ")}]`;

test("the package has what was compiled, and nothing that only a checkout needs", () => {
  assert.deepEqual(readdirSync(installed).sort(), ["LICENSE", "README.md", "dist", "package.json"]);
  const { scripts: _, devDependencies: __, optionalDependencies: ___, ...published } = MANIFEST;
  assert.deepEqual(JSON.parse(readFileSync(join(installed, "package.json"), "utf8")), published);
  const compiled = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    compiled.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")),
    [],
  );
});

test("packing leaves the checkout's package.json as it was", () => {
  assert.deepEqual(JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")), MANIFEST);
});

test("the command is there by its name, and knows its version", () => {
  const printed = npm(home, "exec", "--offline", "--", "influxdb-relay", "--version");
  assert.equal(printed, `influxdb-relay ${MANIFEST.version}\n`);
});

for (const [name, node, skip] of [
  ["this Node", process.execPath, false],
  ["Node 22", NODE_22, without22],
] as const) {
  test(`on ${name} the command relays`, { skip }, async () => {
    const admin = '[admin]\nbind-addr = "127.0.0.1:0"\n';
    const config = `${admin}[[http]]\nname = "main"\nbind-addr = "127.0.0.1:0"\n${outputs()}`;
    const relay = await startRelay({ config, node, entry: join(installed, "dist/adapters/node.js") });
    try {
      await relaysTo(`${relay.url("main")}/write?db=mydb`);
      assert.match(
        (await send(relay.url("[admin]"), { method: "GET" })).text,
        /<h1>InfluxDB Relay<\/h1>[\s\S]+role="status"/,
      );
      assert.equal(await relay.stop(), 0);
    } finally {
      await relay.kill();
    }
  });

  test(`on ${name} the example of docs/embedding.md relays`, { skip }, async () => {
    const example = writeExample();
    const child = startChild(node, ["--disable-warning=ExperimentalWarning", join(example, "server.ts")], {
      env: { PORT: "0", RELAY_EXAMPLE: example },
      cwd: example,
    });
    try {
      await poll(async () => child.end !== undefined || /port \d+/.test(child.output), "the example's port");
      const [, port] = /listening on port (\d+)/.exec(child.output) ?? [];
      assert.ok(port, child.output);
      const url = `http://127.0.0.1:${port}`;
      assert.match((await send(url, { method: "GET" })).text, /^The app/);
      await relaysTo(`${url}/influx/write?db=mydb`);
      const { text } = await send(`${url}/influx/query?db=mydb&q=SHOW+DATABASES`, { method: "GET" });
      assert.match(text, /mydb/);
      assert.equal(await child.stop(), 0, child.output);
    } finally {
      await child.stop("SIGKILL");
    }
  });
}

async function relaysTo(url: string): Promise<void> {
  const points = servers[0].points("mydb").length;
  const { status } = await send(url, { body: `cpu usage=0.5 ${points}` });
  assert.equal(status, 204);
  for (const server of servers)
    await poll(async () => server.points("mydb").length === points + 1, "the point on both servers");
}

test("the example of docs/embedding.md fits the types of the package", () => {
  const example = writeExample();
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ["node"],
    typeRoots: [join(MODULES, "@types")],
  };
  const check = (text: string) => {
    writeFileSync(join(example, "server.ts"), text);
    writeFileSync(join(example, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["server.ts"] }));
    const tsc = join(MODULES, "typescript/bin/tsc");
    execFileSync(process.execPath, [tsc, "-p", example], { encoding: "utf8" });
  };
  const source = readFileSync(join(example, "server.ts"), "utf8");
  check(source);
  assert.throws(() => check(source.replace("relay.start(config)", "relay.start()")), /Command failed/);
});

function writeExample(): string {
  const page = readFileSync(join(ROOT, "docs/embedding.md"), "utf8");
  const block = (language: string) =>
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(page)?.[1] ?? "";
  const config = block("toml");
  assert.match(config, /output = \[.*\]/s);
  const example = join(home, "example");
  mkdirSync(example, { recursive: true });
  writeFileSync(join(example, "package.json"), '{ "type": "module" }');
  writeFileSync(join(example, "relay.toml"), config.replace(/output = \[.*\]/s, outputs()));
  writeFileSync(join(example, "server.ts"), block("ts"));
  return example;
}

test("a Worker that only exports the package's one answers", async () => {
  const page = readFileSync(join(ROOT, "docs/embedding.md"), "utf8");
  const [source = ""] = /^export .* from "influxdb-relay\/worker";$/m.exec(page) ?? [];
  assert.notEqual(source, "");
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: home },
    ...{ bundle: true, write: false, format: "esm", target: "es2024" },
    ...{ external: ["node:*", "cloudflare:*"], conditions: ["workerd"] },
  });
  const { url, stop } = await startWorkerd({
    modules: [["worker.js", outputFiles[0]?.text ?? ""]],
    bindings: { RELAY_CONFIG: `[[http]]\nname = "main"\n${outputs()}` },
  });
  try {
    assert.equal((await withLimit(fetch(`${url}/ping`), "the Worker's answer")).status, 204);
  } finally {
    await stop();
  }
});
