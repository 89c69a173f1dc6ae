import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../adapters/node/arguments.ts";
import { readShardsArguments } from "../../../adapters/node/shards-arguments.ts";

const NOW = 1_785_715_200_000_000_000n;
const read = (...args: string[]) => readShardsArguments([...args, "--config", "relay.toml"], NOW);
const common = { config: "relay.toml", listener: undefined, db: undefined, json: false };

test("shards preview, plan and check with what they take", () => {
  assert.deepEqual(read("preview", "--shard-by", "db,tag:a\\,b", "--shards", "s1,s2=2", "--since", "2h"), {
    ...{ action: "preview", ...common, seriesOnly: false, from: undefined },
    by: [{ kind: "db" }, { kind: "tag", name: "a,b" }],
    shards: [
      { name: "s1", weight: 1 },
      { name: "s2", weight: 2 },
    ],
    since: NOW - 7_200_000_000_000n,
  });
  assert.deepEqual(read("plan", "--add", "s4", "--add", "s5=3", "--remove", "s1", "--weight", "s2=7"), {
    ...{ action: "plan", ...common, since: undefined, seriesOnly: false },
    change: {
      add: [
        { name: "s4", weight: 1 },
        { name: "s5", weight: 3 },
      ],
      remove: ["s1"],
      weights: [{ name: "s2", weight: 7 }],
    },
  });
  assert.deepEqual(read("check", "--listener", "main", "--db", "d", "--json"), {
    ...{ action: "check", config: "relay.toml", listener: "main", db: "d", json: true },
  });
});

test("wrong use of shards is told", () => {
  const cases: [string[], RegExp][] = [
    [[], /needs one of preview, plan and check/],
    [["move"], /needs one of preview, plan and check, not move/],
    [["preview", "--shard-by", "customer_id"], /--shard-by must be measurement, db or tag:NAME/],
    [["preview", "--shard-by", "db,db"], /--shard-by must be/],
    [["preview", "--shards", "s1,s1"], /--shards names a shard twice/],
    [["preview", "--shards", "s1=0"], /"s1=0" is no shard/],
    [["preview", "--shards", "a/b"], /"a\/b" is no shard/],
    [["preview", "--since", "1h", "--series-only"], /leave one of them out/],
    [["preview", "--since", "soon"], /--since must be a time/],
    [["plan"], /needs --add, --remove or --weight/],
    [["plan", "--to", "b.toml", "--add", "s4"], /leave the other options out/],
    [["plan", "--weight", "s1"], /write NAME=WEIGHT/],
    [["check", "--since", "1h"], /Unknown option '--since'/],
    [["check", "--db", ""], /--db must not be empty/],
  ];
  for (const [args, message] of cases) {
    assert.throws(
      () => readShardsArguments([...args, ...(args.length > 0 ? ["--config", "c"] : [])], NOW),
      (error) => error instanceof UsageError && message.test(error.message),
      args.join(" "),
    );
  }
  assert.throws(() => readShardsArguments(["check"], NOW), /needs --config/);
});
