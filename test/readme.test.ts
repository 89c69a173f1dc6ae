import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "./support/child.ts";
import { NAMESPACE_PROGRAMS, runInNamespace } from "./support/namespace.ts";
import { requireReal } from "./support/require-real.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language: language ?? "",
  text: text ?? "",
}));
const skip = requireReal(...NAMESPACE_PROGRAMS);

test("README: npm start prints three commands, and they do what they say", { skip }, () => {
  assert.ok(blocks.some(({ text }) => text === "npm start\n"));
  const directory = temporaryDirectory("readme");
  const output = runInNamespace(
    directory,
    `
    in_background npm start
    wait_for "Ctrl-C"
    # The lines that the demo printed, as a person would paste them.
    grep -E "^  (curl|bash|for) " "${directory}/log" >"${directory}/commands"
    sed -n 1,2p "${directory}/commands" | bash
    query=$(sed -n 3p "${directory}/commands")
    for _ in $(seq 100); do
      [ "$(bash -c "$query" 2>/dev/null | grep -o hall | wc -l)" = 2 ] && break
      sleep 0.05
    done
    wc -l <"${directory}/commands"
    bash -c "$query" 2>/dev/null
    curl -s "$(grep -o 'http://127.0.0.1:9096/$' "${directory}/log")"
    curl -s -o "${directory}/other" -w 'named otherwise: %{http_code}' -H 'Host: relay.example' http://127.0.0.1:9096/
    `,
  );
  assert.match(output, /204 No Content/);
  assert.match(output, /^3$/m);
  assert.equal(output.match(/kitchen/g)?.length, 2);
  assert.equal(output.match(/hall/g)?.length, 2);
  assert.match(output, /<p class="verdict good" role="status">Both servers are in sync/);
  assert.match(output, /named otherwise: 403/);
});

test("README: the config and the commands under it", { skip }, () => {
  const directory = temporaryDirectory("readme");
  const config = blocks.find(({ language }) => language === "toml");
  const commands = blocks.find(({ text }) => text.includes("--check"));
  assert.ok(config && commands);
  const local = config.text.replace('dir = "spool"', `dir = "${directory}/spool"`);
  assert.notEqual(local, config.text);
  writeFileSync(join(directory, "relay.toml"), local);
  const [check, start, write] = commands.text
    .replaceAll("relay.toml", `${directory}/relay.toml`)
    .trim()
    .split("\n");
  const output = runInNamespace(
    directory,
    `
    in_background node test/support/stand-ins.ts 8086 7086
    wait_for listening
    ${check}
    in_background ${start}
    wait_for '"event":"ready"'
    ${write}
    ls -d "${directory}/spool"/*/
    `,
  );
  assert.match(output, /warning: .*memory/);
  assert.match(output, /max-delay-interval = "10s"/);
  assert.match(output, /204 No Content/);
  assert.match(output, /spool\/a\/\n.*spool\/b\/\n/);
});

test("README: every page it links to is there", () => {
  for (const [, target = ""] of readme.matchAll(/\]\(([^)#]+)/g)) {
    assert.doesNotThrow(() => readFileSync(join(root, target)), `${target} is missing`);
  }
});
