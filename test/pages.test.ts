import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readArguments } from "../adapters/node/arguments.ts";
import { isBackendAction, readBackendArguments } from "../adapters/node/backend-arguments.ts";
import { readDoctorArguments } from "../adapters/node/doctor-arguments.ts";
import { isRecoveryAction, readRecoveryArguments } from "../adapters/node/recovery-arguments.ts";
import { readShardsArguments } from "../adapters/node/shards-arguments.ts";
import { readSpoolArguments } from "../adapters/node/spool-arguments.ts";
import { parseConfig } from "../src/config/parse.ts";
import { source } from "./config/support.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = [
  ...globSync("*.md", { cwd: root }),
  ...globSync("{docs,examples}/**/*.md", { cwd: root }),
].sort();
const textOf = (page: string) => readFileSync(join(root, page), "utf8");
const blocks = (page: string, kind: string) =>
  [...textOf(page).matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, text = ""]) => text,
  );

/**
 * What is not run, but only read by a test or checked by its own program, because it needs what a test has not: another
 * machine's files, an account, or an engine for containers. Everything else in a block of commands is run by the test of its page.
 */
const NOT_RUN: readonly [what: string, checkedBy: string][] = [
  ["docs/deploy-node.md: git clone, useradd, systemctl, npm install, docker", "test/deploy-pages.test.ts"],
  ["docs/deploy-deno.md: git clone, useradd, systemctl", "test/deploy-pages.test.ts"],
  ["docs/deploy-workers.md: wrangler login, deploy, secret", "test/deploy-pages.test.ts"],
  [
    "examples/systemd/, examples/docker/: the unit, the Dockerfile and the compose file",
    "test/deployment-files.test.ts",
  ],
  ["docs/migration.md: other relays' configs", "test/pages.test.ts"],
  ["docs/clients.md: Telegraf's and Prometheus's configs", "test/v2-page.test.ts"],
];

test("every page that a page links to is there, and has the section", () => {
  const missing: string[] = [];
  for (const page of pages) {
    for (const [, target = "", section = ""] of textOf(page).matchAll(
      /\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)/g,
    )) {
      const path = target === "" ? page : join(dirname(page), target);
      if (!existsSync(join(root, path))) missing.push(`${page}: ${target}`);
      else if (section !== "" && !sections(path).has(section)) missing.push(`${page}: ${target}${section}`);
    }
  }
  assert.deepEqual(missing, []);
});

/** As GitHub names them. */
function sections(page: string): Set<string> {
  const titles = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
  return new Set(
    titles.map(
      (title) =>
        `#${title
          .toLowerCase()
          .replace(/[^\w\- ]/g, "")
          .replaceAll(" ", "-")}`,
    ),
  );
}

test("every config of a page is right", () => {
  const http = '\n[[http]]\nname = "added"\nbind-addr = ":0"\noutput = [{ location = "http://a" }]\n';
  const wrong: string[] = [];
  // That page's is for an app without an address of its own: test/package.test.ts runs it.
  for (const page of pages.filter((page) => page !== "docs/embedding.md")) {
    for (const text of blocks(page, "toml").filter((block) => !/^\[\[(outputs|inputs|influx)/m.test(block))) {
      const whole = /^\[\[http\]\]/m.test(text) ? text : text + http;
      try {
        parseConfig(whole, {
          ...source(),
          env: (name) => (/KEY/.test(name) ? btoa("k".repeat(32)) : "secret"),
          readFile: () => "secret",
        });
      } catch (error) {
        wrong.push(`${page}: ${error}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("every command of the relay that a page names can be read", () => {
  const wrong: string[] = [];
  let count = 0;
  for (const page of pages) {
    const lines = blocks(page, "sh").flatMap((text) => text.split("\n"));
    const inText = [...textOf(page).matchAll(/`(influxdb-relay [^`\n]*--config [^`\n]*)`/g)].map(
      ([, line = ""]) => line,
    );
    for (const line of [...lines, ...inText]) {
      const [, rest] =
        /^(?:influxdb-relay|npm run -s relay --|npx influxdb-relay) ([^#&>|;]*)/.exec(line.trim()) ?? [];
      if (rest === undefined) continue;
      count++;
      const args = rest
        .trim()
        .split(/\s+/)
        .map((word) => word.replace(/^(['"])(.*)\1$/, "$2"));
      try {
        read(args);
      } catch (error) {
        wrong.push(`${page}: ${line}: ${error}`);
      }
    }
  }
  assert.ok(count > 30, `${count} commands`);
  assert.deepEqual(wrong, []);
});

function read([word = "", ...rest]: string[]): void {
  if (word === "spool") readSpoolArguments(rest);
  else if (word === "shards") readShardsArguments(rest, 0n);
  else if (word === "doctor") readDoctorArguments(rest);
  else if (isRecoveryAction(word)) readRecoveryArguments(word, rest, 0n);
  else if (isBackendAction(word)) readBackendArguments(word, rest);
  else readArguments([word, ...rest]);
}

test("the files that check what is not run are there", () => {
  assert.deepEqual(
    NOT_RUN.filter(([, file]) => !existsSync(join(root, file))),
    [],
  );
});

test("tests that a page names are there", () => {
  const missing: string[] = [];
  for (const page of pages) {
    for (const [, path = ""] of textOf(page).matchAll(/`(test\/[\w./*-]+)`/g)) {
      if (globSync(path, { cwd: root }).length === 0) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});
