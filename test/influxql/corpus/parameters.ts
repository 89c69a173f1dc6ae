import type { Entry } from "../corpus-entry.ts";
import { DATABASE } from "../data-set.ts";

const BY_CUSTOMER = "SELECT amount FROM orders WHERE customer_id = $c LIMIT 3";
const ABOVE = "SELECT amount FROM orders WHERE amount > $n LIMIT 3";
const BETWEEN = "SELECT amount FROM orders WHERE time >= $from AND time < $to";
const MESSAGE = "SELECT msg FROM logs WHERE msg = $m";
const PER_INTERVAL = "SELECT sum(amount) FROM orders WHERE time >= '2024-03-09' AND time < '2024-03-14'";

type Case = readonly [q: string, params?: string];

const ROWS: readonly Case[] = [
  [BY_CUSTOMER, '{"c":"acme"}'],
  [BY_CUSTOMER, '{"c":"ecö, ltd=1"}'],
  [BY_CUSTOMER, '{"c":{"string":"acme"}}'],
  ["SELECT amount FROM orders WHERE customer_id=$c LIMIT 3", '{"c":"beta"}'],
  ["SELECT amount FROM orders WHERE customer_id = $1c LIMIT 3", '{"1c":"acme"}'],
  ['SELECT amount FROM orders WHERE customer_id = $"the customer" LIMIT 3', '{"the customer":"acme"}'],
  [
    "SELECT amount FROM orders WHERE customer_id = $_a1; SELECT qty FROM orders WHERE customer_id = $_a1",
    '{"_a1":"beta"}',
  ],
  [ABOVE, '{"n":990}'],
  [ABOVE, '{"n":990.25}'],
  [ABOVE, '{"n":9.9e2}'],
  [ABOVE, '{"n":0.000001}'],
  [ABOVE, '{"n":{"float":990.5}}'],
  [ABOVE, '{"n":{"number":990}}'],
  [ABOVE, '{"n":{"integer":990}}'],
  [ABOVE, '{"n":{"int":990}}'],
  ["SELECT i FROM extremes WHERE i = $i", '{"i":9007199254740993}'],
  ["SELECT i FROM extremes WHERE i < $i", '{"i":9223372036854775807}'],
  ["SELECT amount FROM orders WHERE paid = $b LIMIT 3", '{"b":true}'],
  ["SELECT amount FROM orders WHERE paid = $b LIMIT 3", '{"b":false,"unused":null}'],
  [BETWEEN, '{"from":"2024-03-10","to":"2024-03-10T02:00:00Z"}'],
  [BETWEEN, '{"from":1710028800000000000,"to":1710036000000000000}'],
  [BETWEEN, '{"from":{"duration":"1710028800s"},"to":{"duration":1710036000000000000}}'],
  [MESSAGE, String.raw`{"m":"with 'single' and \"double\" quotes"}`],
  [MESSAGE, String.raw`{"m":"two\nlines\tand a tab"}`],
  [MESSAGE, String.raw`{"m":"gr\u00f6\u00dfer als 世界 \ud83d\ude00"}`],
  [MESSAGE, String.raw`{"m":"back\\slash"}`],
  ["SELECT msg FROM logs WHERE msg =~ $r", '{"r":{"regex":"pl.in|世界"}}'],
  [
    "SELECT count($f) AS $a FROM $m GROUP BY $t",
    '{"f":{"ident":"amount"},"a":{"identifier":"the count"},"m":{"ident":"orders"},"t":{"ident":"region"}}',
  ],
  ["SHOW TAG VALUES FROM $m WITH KEY = $k", '{"m":{"ident":"cpu"},"k":{"ident":"host"}}'],
  ["SELECT percentile(amount, $p) FROM orders", '{"p":90}'],
  ["SELECT amount * $x AS y FROM orders LIMIT 3", '{"x":2.5}'],
  ["SELECT amount FROM orders LIMIT $n OFFSET $o", '{"n":3,"o":1}'],
  [`${PER_INTERVAL} GROUP BY time($d)`, '{"d":{"duration":"1d"}}'],
  [`${PER_INTERVAL} GROUP BY time($d)`, '{"d":{"duration":43200000000000}}'],
  [`${PER_INTERVAL} GROUP BY time(1d) fill($f)`, '{"f":7}'],
  ["SELECT amount FROM orders LIMIT 1", "{}"],
];

const WRONG: readonly Case[] = [
  [BY_CUSTOMER],
  [BY_CUSTOMER, "{}"],
  [BY_CUSTOMER, '{"C":"acme"}'],
  [BY_CUSTOMER, '{"c":null}'],
  [BY_CUSTOMER, '{"c":["acme"]}'],
  [BY_CUSTOMER, '{"c":{}}'],
  [BY_CUSTOMER, '{"c":{"x":1}}'],
  [BY_CUSTOMER, '{"c":{"string":1}}'],
  [BY_CUSTOMER, '{"c":{"ident":5}}'],
  [BY_CUSTOMER, '{"c":{"string":"a","ident":"b"}}'],
  [ABOVE, '{"n":{"float":"1"}}'],
  [ABOVE, '{"n":{"integer":1.5}}'],
  [ABOVE, '{"n":{"duration":1.5}}'],
  [ABOVE, '{"n":{"duration":"abc"}}'],
  [ABOVE, '{"n":{"regex":true}}'],
  ["SELECT amount FROM orders WHERE customer_id =~ $r", '{"r":"acme"}'],
  ["SELECT amount FROM orders WHERE customer_id =~ $r", '{"r":{"regex":"a("}}'],
  ["SELECT amount FROM orders WHERE customer_id = $"],
  ['SELECT amount FROM orders WHERE customer_id = $""', '{"":"acme"}'],
  ["SELECT amount FROM orders WHERE customer_id = $'c'", '{"c":"acme"}'],
  ["SELECT amount FROM $m", '{"m":"orders"}'],
  ["SELECT amount FROM orders LIMIT $n", '{"n":1.5}'],
  ["SELECT amount FROM orders LIMIT $n", '{"n":"1"}'],
  ["SHOW TAG VALUES WITH KEY = $k", '{"k":"host"}'],
  ["DROP DATABASE $d", '{"d":"x"}'],
  ["SELECT amount FROM orders; SELECT qty FROM orders WHERE qty = $q"],
];

/** Texts that InfluxDB refuses as `params` before it looks at the query. */
const BAD_PARAMS: readonly string[] = [
  "{",
  "[]",
  "5",
  "true",
  '"c"',
  "acme",
  '{"c":}',
  '{"n":1e1}',
  '{"n":1e400}',
  '{"n":99999999999999999999}',
];

const entry = (kind: Entry["kind"], answer: Entry["answer"], [q, params]: Case): Entry => ({
  family: "parameters",
  kind,
  q,
  db: DATABASE,
  answer,
  ...(params === undefined ? {} : { params }),
});

/** `$name` in a statement stands for a value of the request's `params`. */
export const PARAMETERS: readonly Entry[] = [
  ...ROWS.map((value) => entry("read", "rows", value)),
  entry("read", "nothing", [BY_CUSTOMER, `{"c":"' OR 'a' = 'a"}`]),
  entry("read", "error", ["SELECT $v FROM orders LIMIT 1", '{"v":"amount"}']),
  entry("read", "rows", ["SELECT amount FROM orders LIMIT 1", "null"]),
  ...BAD_PARAMS.map((params) => entry("wrong", "error", [ABOVE, params])),
  ...WRONG.map((value) => entry("wrong", "error", value)),
];
