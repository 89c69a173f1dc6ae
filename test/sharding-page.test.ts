import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readShardsArguments } from "../adapters/node/shards-arguments.ts";
import { parseConfig } from "../src/config/parse.ts";
import { MAP_ALGORITHM, MAP_VERSION, ShardMap } from "../src/shard/map.ts";
import { source } from "./config/support.ts";

const page = readFileSync(fileURLToPath(new URL("../docs/sharding.md", import.meta.url)), "utf8");

test("docs/sharding.md: its config is right and does what its comments say", () => {
  const [, text = ""] = /^```toml\n(.*?)^```$/ms.exec(page) ?? [];
  const { sharding } = parseConfig(text, source()).http[0] ?? {};
  assert.ok(sharding);
  const map = new ShardMap(sharding);
  const shardOf = (key: string) => map.shards[map.owner([key])];
  assert.deepEqual(["acme", "", "eu-1"].map(shardOf), ["s1", "s2", "s2"]);
  const keys = Array.from({ length: 30_000 }, (_, i) => shardOf(`c${i}`));
  const share = keys.filter((shard) => shard === "s2").length / keys.length;
  assert.ok(Math.abs(share - 2 / 3) < 0.01, String(share));
});

test("docs/sharding.md: it names the map as /status does", () => {
  assert.ok(
    page.includes(
      JSON.stringify({ version: MAP_VERSION, algorithm: MAP_ALGORITHM })
        .slice(1, -1)
        .replaceAll(":", ": ")
        .replace(",", ", "),
    ),
  );
});

test("docs/sharding.md: its commands are ones, and each action is there", () => {
  const commands = [...page.matchAll(/^influxdb-relay shards (.*)$/gm)].map(([, words = ""]) =>
    words.split(" "),
  );
  const actions = commands.map((words) => readShardsArguments(words, 0n).action);
  assert.deepEqual(new Set(actions), new Set(["preview", "plan", "check"]));
});
