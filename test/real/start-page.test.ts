import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../support/child.ts";
import { NAMESPACE_PROGRAMS, runInNamespace } from "../support/namespace.ts";
import { requireReal } from "../support/require-real.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/start.md", import.meta.url)), "utf8");
const skip = requireReal(...NAMESPACE_PROGRAMS, "influxd");

test("docs/start.md: from nothing to a server that died, and one that lost its disk", { skip }, () => {
  const directory = temporaryDirectory("start");
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) =>
    text.replaceAll("$PWD/try", directory).replaceAll(/(?<![\w/])try(?=[\s/"])/g, directory),
  );
  assert.equal(blocks.length, 7);
  const output = runInNamespace(
    directory,
    blocks
      // As in a terminal, a command that fails does not end what comes after it; waiting for somebody ends with the test.
      .map((block, index) => `set +e\necho; echo "== ${index}"\n${block}`)
      .join("\n"),
  );
  const [, , ready = "", written = "", both = "", dead = "", empty = ""] = output.split(/^== \d\n/m);
  assert.match(ready, /"status":"ready"/, output);
  assert.match(written, /204 No Content/);
  assert.match(written, /"one",0\.5/);
  assert.equal(both.match(/"one",0\.5/g)?.length, 2);
  assert.match(dead, /"two",0\.7/);
  assert.match(dead, /behind|down/);
  assert.match(dead.trimEnd().split("\n").at(-1) ?? "", /"two",0\.7/);
  assert.match(empty, /equal/);
});
