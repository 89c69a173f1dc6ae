import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCapabilities } from "../../src/config/capabilities.ts";
import type { Config } from "../../src/config/config.ts";
import { describeConfig } from "../../src/config/describe.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { warnings } from "../../src/config/warnings.ts";
import { problemsOf, source } from "./support.ts";

const output = (...names: readonly string[]) =>
  `output = [${names.map((name) => `{ name = "${name}", location = "http://${name}:8086" }`).join(", ")}]`;
const shard = (lines: string) => `[[http.shard]]\n${lines}\n`;
const S1 = shard(`name = "s1"\n${output("a1", "b1")}`);
const S2 = shard(`name = "s2"\n${output("a2", "b2")}`);
const listener = (lines: string, shards = S1 + S2) =>
  `[[http]]\nbind-addr = "127.0.0.1:9096"\n${lines}\n${shards}`;
const BY_TAG = 'shard-by = "tag:customer id"';

const shardingOf = (config: Config) => {
  const sharding = config.http[0]?.sharding;
  assert.ok(sharding);
  return sharding;
};
const load = (text: string) => parseConfig(text, source());

test("shards have outputs, and the listener has those of all", () => {
  const config = load(listener(BY_TAG, S1 + shard(`name = "s2"\nweight = 3\n${output("a2")}`)));
  const { by, shards, pins, prefixPins } = shardingOf(config);
  assert.deepEqual(by, [{ kind: "tag", name: "customer id" }]);
  assert.deepEqual([pins, prefixPins], [[], []]);
  assert.deepEqual(
    shards.map(({ name, weight, outputs }) => [name, weight, outputs.map((one) => one.name)]),
    [
      ["s1", 1, ["a1", "b1"]],
      ["s2", 3, ["a2"]],
    ],
  );
  assert.deepEqual(
    config.http[0]?.outputs,
    shards.flatMap(({ outputs }) => outputs),
  );
});

test("a listener without shards has none", () => {
  assert.equal(
    load(`[[http]]\nbind-addr = ":1"\nauth = "none"\n${output("a")}`).http[0]?.sharding,
    undefined,
  );
});

test("points are divided by measurement, database, tag or a list of them", () => {
  const by = (value: string) => shardingOf(load(listener(`shard-by = ${value}`))).by;
  assert.deepEqual(by('"measurement"'), [{ kind: "measurement" }]);
  assert.deepEqual(by('["tag:a", "db", "tag:db"]'), [
    { kind: "tag", name: "a" },
    { kind: "db" },
    { kind: "tag", name: "db" },
  ]);
});

test("pins name a key, or the parts of one", () => {
  const pin = 'pin = { acme = "s1", "a,b" = "s2", "" = "s2" }\npin-prefix = { "eu-" = "s1" }';
  const one = shardingOf(load(listener(`${BY_TAG}\n${pin}`)));
  assert.deepEqual(one.pins, [
    { values: ["acme"], shard: "s1" },
    { values: ["a,b"], shard: "s2" },
    { values: [""], shard: "s2" },
  ]);
  assert.deepEqual(one.prefixPins, [{ values: ["eu-"], shard: "s1" }]);
  const several =
    'shard-by = ["db", "tag:t"]\npin = { "d,a\\\\,b" = "s1" }\npin-prefix = { "d," = "s2", e = "s1" }';
  const two = shardingOf(load(listener(several)));
  assert.deepEqual(two.pins, [{ values: ["d", "a,b"], shard: "s1" }]);
  assert.deepEqual(
    two.prefixPins.map(({ values }) => values),
    [["d", ""], ["e"]],
  );
});

test("a described config with shards is the same config", () => {
  const pins = `pin = { 'd,a\\,b' = "s1", "constructor,$\${x}" = "s1" }\npin-prefix = { "d," = "s2" }`;
  const heavy = shard(`name = "s2"\nweight = 3\n${output("a2")}`);
  const text = listener(`shard-by = ["db", "tag:a,b"]\n${pins}`, S1 + heavy);
  const config = load(text);
  assert.deepEqual(load(describeConfig(config)), config);
  const single = load(listener(`${BY_TAG}\npin = { "a,b" = "s1" }`));
  assert.deepEqual(load(describeConfig(single)), single);
  assert.match(describeConfig(single), /^shard-by = "tag:customer id"$/m);
});

const BY_FORM =
  'http[0].shard-by: must be "measurement", "db", "tag:NAME" with the name of a tag, or a list of different ones of these';
const NAME_FORM = "must be 1 to 64 letters, digits, dots, dashes and underscores";
const named = (name: string) => shard(`name = ${name}\n${output("a2")}`);

const WRONG: readonly (readonly [name: string, text: string, ...problems: string[]])[] = [
  [
    "outputs beside shards",
    listener(`${BY_TAG}\n${output("x")}`),
    "http[0]: must have output or [[http.shard]] entries, not both",
  ],
  [
    "shards that nothing divides",
    listener(""),
    "http[0].shard-by: is missing: it says which points a shard gets",
  ],
  [
    "a division without shards",
    `[[http]]\nbind-addr = "127.0.0.1:1"\n${BY_TAG}\npin = { a = "s1" }\npin-prefix = { b = "s1" }\n${output("x")}`,
    "http[0].shard-by: has no effect without [[http.shard]] entries",
    "http[0].pin: has no effect without [[http.shard]] entries",
    "http[0].pin-prefix: has no effect without [[http.shard]] entries",
  ],
  [
    "no shard in the list",
    '[[http]]\nbind-addr = "127.0.0.1:1"\nshard-by = "db"\nshard = []',
    "http[0].shard: must be a list of at least one table: write [[http.shard]], found a list",
  ],
  ["a division that does not exist", listener('shard-by = "host"'), `${BY_FORM}, found "host"`],
  ["a tag without a name", listener('shard-by = "tag:"'), `${BY_FORM}, found "tag:"`],
  ["a tag that InfluxDB cannot have", listener("shard-by = 'tag:a\\'"), `${BY_FORM}, found "tag:a\\\\"`],
  ["a division by nothing", listener("shard-by = []"), `${BY_FORM}, found a list`],
  ["a division by one thing twice", listener('shard-by = ["db", "db"]'), `${BY_FORM}, found a list`],
  ["a division by a number", listener("shard-by = 1"), `${BY_FORM}, found 1`],
  [
    "two shards of one name",
    listener(BY_TAG, S1 + S2.replace("s2", "s1")),
    'http[0].shard[1].name: must be unique among the listener\'s shards, but http[0].shard[0] has the same name, found "s1"',
  ],
  [
    "two outputs of one name in different shards",
    listener(BY_TAG, S1 + S2.replace('"a2"', '"a1"')),
    'http[0].shard[1].output[0].name: must be unique among the listener\'s outputs, but http[0].shard[0].output[0] has the same name, found "a1"',
  ],
  [
    "one server in two shards",
    listener(BY_TAG, S1 + S2.replace("http://b2:8086", "http://b1:8086/other")),
    'http[0].shard[1].output[1].location: must be another server than http[0].shard[0].output[1]: each shard needs servers of its own, found "http://b1:8086/other"',
  ],
  [
    "a shard without a name",
    listener(BY_TAG, S1 + shard(output("a2"))),
    `http[0].shard[1].name: is missing; it ${NAME_FORM}`,
  ],
  [
    "a shard with an empty name",
    listener(BY_TAG, S1 + named('""')),
    `http[0].shard[1].name: ${NAME_FORM}, found ""`,
  ],
  [
    "a shard with a blank in its name",
    listener(BY_TAG, S1 + named('"s 2"')),
    `http[0].shard[1].name: ${NAME_FORM}, found "s 2"`,
  ],
  [
    "a weight of nothing",
    listener(BY_TAG, S1 + S2.replace("output", "weight = 0\noutput")),
    "http[0].shard[1].weight: must be a whole number from 1 to 1000 (shares), found 0",
  ],
  [
    "a shard without outputs",
    listener(BY_TAG, S1 + shard('name = "s2"')),
    'http[0].shard[1].output: is missing; it must be a list of at least one table such as { name = "a", location = "http://127.0.0.1:8086/write" }',
  ],
  [
    "an unknown key of a shard",
    listener(BY_TAG, S1 + S2.replace("output", "wieght = 2\noutput")),
    'http[0].shard[1]: unknown key "wieght"; did you mean "weight"?',
  ],
  [
    "pins to shards that do not exist",
    listener(`${BY_TAG}\npin = { acme = "s3", "b c" = "europe" }\npin-prefix = { "eu-" = "S1" }`),
    'http[0].pin.acme: must be the name of a shard of the listener; did you mean "s1"?, found "s3"',
    'http[0].pin."b c": must be the name of a shard of the listener, found "europe"',
    'http[0].pin-prefix.eu-: must be the name of a shard of the listener; did you mean "s1"?, found "S1"',
  ],
  [
    "a pin to a number",
    listener(`${BY_TAG}\npin = { acme = 1 }`),
    "http[0].pin.acme: must be the name of a shard, found 1",
  ],
  [
    "pins that are no table",
    listener(`${BY_TAG}\npin = "s1"`),
    'http[0].pin: must be a table such as { acme = "s1" }, found "s1"',
  ],
  [
    "a prefix that every key has",
    listener(`${BY_TAG}\npin-prefix = { "" = "s1" }`),
    'http[0].pin-prefix."": must not be empty: every key begins so',
  ],
  [
    "a pin with too few or too many parts",
    listener(
      'shard-by = ["db", "tag:t"]\npin = { acme = "s1", "a,b,c" = "s1" }\npin-prefix = { "a,b,c" = "s1" }',
    ),
    "http[0].pin.acme: must name what shard-by does, with commas between: db,tag:t",
    'http[0].pin."a,b,c": must name what shard-by does, with commas between: db,tag:t',
    'http[0].pin-prefix."a,b,c": must name what shard-by does, with commas between: db,tag:t',
  ],
  [
    "credentials for everybody",
    listener(BY_TAG, S1 + S2.replace('http://b2:8086"', 'http://b2:8086", token = "t"')).replace(
      "127.0.0.1",
      "",
    ),
    'http[0].auth: is missing: http[0].shard[1].output[1] has credentials of its own, and whoever reaches this listener, which is not on a loopback address, could use them; set auth, or auth = "none" to allow it',
  ],
  [
    "half of the credentials of an output of a shard",
    listener(BY_TAG, S1 + S2.replace('http://b2:8086"', 'http://b2:8086", username = "u"')),
    "http[0].shard[1].output[1].username: needs a password beside it",
  ],
];

for (const [name, text, ...problems] of WRONG) {
  test(`wrong config: ${name}`, () => assert.deepEqual(problemsOf(text), problems));
}

test("a shard with one output, or with one server twice, has no replica", () => {
  const twice = S2.replace("http://b2:8086", "http://a2:8086");
  const found = warnings(
    load(listener(`name = "main"\n${BY_TAG}`, shard(`name = "s1"\n${output("a1")}`) + twice)),
  );
  assert.deepEqual(found.slice(0, 2), [
    'http "main", shard "s1": one output only: no replica holds the data',
    'http "main", shard "s2": outputs "a2" and "b2" are the same server: they are no replicas of each other',
  ]);
});

test("what a runtime cannot do for an output of a shard is refused where it stands", () => {
  const config = load(
    listener(BY_TAG, S1 + S2.replace('http://b2:8086"', 'http://b2:8086", "max-batch-kb" = 1')),
  );
  assert.throws(
    () => checkCapabilities(config, "x", "workers"),
    /http\[0\]\.shard\[1\]\.output\[1\]\.max-batch-kb/,
  );
});
