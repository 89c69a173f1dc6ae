import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { BackendClient } from "../src/backend/client.ts";
import { createV2Dialect } from "../src/backend/v2-dialect.ts";
import { configFromObject, parseConfig } from "../src/config/parse.ts";
import { Secret } from "../src/config/secret.ts";
import { targetOfV2 } from "../src/http/target.ts";
import { OUTPUT } from "./backend/replica-set.ts";
import { source } from "./config/support.ts";
import { temporaryDirectory } from "./support/child.ts";
import { findProgram, requireReal } from "./support/require-real.ts";
import { createTestPlatform } from "./support/test-platform.ts";

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../docs/${name}`, import.meta.url)), "utf8");
const page = read("v2-backends.md");
const clients = read("clients.md");

/** Code blocks of a language. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, block = ""]) => block);

/** The cells of the table below a heading, without the quotes of code. */
function table(heading: string): string[][] {
  const [, section = ""] = page.split(`### ${heading}\n`);
  const rows = section.split(/\n#/, 1)[0]?.match(/^\|.*\|$/gm) ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

function dialect(bucket?: string) {
  const keys = { location: "http://b", kind: "v2", org: "o", ...(bucket && { bucket }) };
  const config = configFromObject({ http: [{ "bind-addr": ":0", output: [keys] }] }, source());
  const [output = OUTPUT] = config.http[0]?.outputs ?? [];
  return createV2Dialect(output, output.v2 ?? assert.fail());
}

const destination = { db: "d", rp: "", precision: "", credentials: undefined };
const parameters = (path: string) => new URL(path, "http://b").searchParams;

test("docs/v2-backends.md: its configs are right", () => {
  const kinds = blocks(page, "toml").map((text) =>
    parseConfig(text, source()).http[0]?.outputs.map(({ v2 }) => v2?.org),
  );
  assert.deepEqual(kinds, [
    [undefined, "acme"],
    [undefined, "any"],
  ]);
});

test("docs/v2-backends.md: databases and policies become these buckets", () => {
  const rows = table("Bucket");
  assert.equal(rows.length, 5);
  for (const [db = "", rp = "", template, bucket] of rows) {
    const { path } = dialect(template === "not set" ? undefined : template);
    assert.equal(parameters(path({ ...destination, db, rp })).get("bucket"), bucket);
  }
});

test("docs/v2-backends.md: precisions become these", () => {
  const rows = table("Precision");
  assert.equal(rows.length, 6);
  for (const [names = "", unit, times = ""] of rows) {
    const factor = BigInt(/times (\d+)/.exec(times)?.[1] ?? 1);
    for (const name of names.split(", ")) {
      const to = { ...destination, precision: name === "none" ? "" : name };
      assert.equal(dialect().refusal(to), undefined);
      assert.equal(parameters(dialect().path(to)).get("precision"), unit);
      const [sent] = dialect().body([new TextEncoder().encode("m v=1 7")], to);
      assert.equal(new TextDecoder().decode(sent), `m v=1 ${7n * factor}`);
    }
  }
});

test("docs/v2-backends.md: credentials become these", async () => {
  const rows = table("Credentials");
  assert.equal(rows.length, 4);
  for (const [own = "", given = "", sent] of rows) {
    const platform = createTestPlatform();
    const token = /token = "(.*)"/.exec(own)?.[1];
    const output = { ...OUTPUT, v2: { org: "o", bucket: "b" } };
    const client = new BackendClient(
      token === undefined ? output : { ...output, authorization: new Secret(`Token ${token}`) },
      platform,
    );
    const authorization = given.startsWith("user u with password p") ? `Basic ${btoa("u:p")}` : given;
    await client.write({ ...destination, credentials: { authorization } }, [new Uint8Array(1)]);
    assert.equal(platform.sent[0]?.headers["authorization"], sent);
  }
});

test("docs/clients.md: what Telegraf's configs name is what the relay has", () => {
  const [v1, v2, prometheus] = blocks(clients, "toml").map(
    (text) => parse(text) as Record<string, Record<string, Record<string, unknown>[]>>,
  );
  const [output] = v1?.["outputs"]?.["influxdb"] ?? [];
  assert.deepEqual(output?.["urls"], ["http://127.0.0.1:9096", "http://127.0.0.1:9196"]);
  const bucket = v2?.["outputs"]?.["influxdb_v2"]?.[0]?.["bucket"];
  assert.deepEqual(targetOfV2(new Map([["bucket", String(bucket)]])), {
    ...{ db: "telegraf", rp: "autogen", precision: "" },
  });
  assert.ok(prometheus?.["inputs"]?.["http_listener_v2"]);
});

test("docs/clients.md: Prometheus takes its configs", { skip: requireReal("promtool") }, () => {
  const directory = temporaryDirectory("prometheus");
  const configs = blocks(clients, "yaml");
  assert.equal(configs.length, 2);
  for (const [i, config] of configs.entries()) {
    const file = join(directory, `${i}.yml`);
    writeFileSync(file, config);
    const { status, stdout, stderr } = spawnSync(findProgram("promtool") as string, [
      "check",
      "config",
      file,
    ]);
    assert.equal(status, 0, `${stdout}${stderr}`);
  }
});
