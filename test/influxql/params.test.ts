import assert from "node:assert/strict";
import { test } from "node:test";
import { parseParams } from "../../src/influxql/params.ts";
import { parseExpression, parseStatement } from "../../src/influxql/parse.ts";
import { print } from "../../src/influxql/print.ts";

/** JSON of `$c` and what `x = $c` becomes; all as influxd 1.6.7 takes them. */
const VALUES: readonly [json: string, printed: string][] = [
  ['"it\'s"', "x = 'it\\'s'"],
  ["1", "x = 1"],
  ["1.0", "x = 1.0"],
  ["1.5e3", "x = 1500.0"],
  ["-9223372036854775808", "x = -9223372036854775808"],
  ["9007199254740993", "x = 9007199254740993"],
  ["true", "x = true"],
  ["false", "x = false"],
  ['{"string":"a"}', "x = 'a'"],
  ['{"ident":"a b"}', 'x = "a b"'],
  ['{"identifier":"select"}', 'x = "select"'],
  ['{"regex":"a/b"}', "x = /a\\/b/"],
  ['{"float":3}', "x = 3.0"],
  ['{"number":0.5}', "x = 0.5"],
  ['{"int":3}', "x = 3"],
  ['{"integer":9007199254740993}', "x = 9007199254740993"],
  ['{"duration":"1h30m"}', "x = 90m"],
  ['{"duration":-3600000000000}', "x = -1h"],
];

for (const [json, printed] of VALUES) {
  test(`$c = ${json}`, () => {
    assert.equal(print(parseExpression("x = $c", parseParams(`{"c":${json}}`))), printed);
  });
}

/** JSON of `$c` and influxd's text for it. */
const REFUSED: readonly [json: string, message: string][] = [
  ["null", "missing parameter: unable to bind parameter with type <nil>"],
  ["[1]", "missing parameter: unable to bind parameter with type []interface {}"],
  ["{}", "missing parameter: bound object parameter value must have exactly one entry"],
  ['{"int":1,"float":2}', "missing parameter: bound object parameter value must have exactly one entry"],
  ['{"foo":1}', "missing parameter: unknown bind object type: foo"],
  ['{"regex":1}', "missing parameter: regex literal must be a string value"],
  ['{"string":1}', "missing parameter: string literal must be a string value"],
  ['{"ident":null}', "missing parameter: identifier must be a string value"],
  ['{"integer":3.0}', "missing parameter: integer literal must be an integer value"],
  ['{"number":"3"}', "missing parameter: number literal must be a float value"],
  ['{"duration":1.5}', "missing parameter: duration literal must be a string or integer value"],
  ['{"integer":1e2}', 'missing parameter: strconv.ParseInt: parsing "1e2": invalid syntax'],
  [
    '{"integer":99999999999999999999}',
    'missing parameter: strconv.ParseInt: parsing "99999999999999999999": value out of range',
  ],
  ['{"duration":"foo"}', "invalid duration"],
];

for (const [json, message] of REFUSED) {
  test(`$c = ${json} => ${message}`, () => {
    const params = parseParams(`{"c":${json}}`);
    assert.throws(() => parseExpression("x = $c", params), { name: "ParseError", message });
  });
}

test("JSON that is no params", () => {
  const cases: readonly [json: string, message: string | RegExp][] = [
    ["{", /^error parsing query parameters: /],
    [
      "[]",
      "error parsing query parameters: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
    [
      "1",
      "error parsing query parameters: json: cannot unmarshal number into Go value of type map[string]interface {}",
    ],
    ['{"c":1e3}', 'error parsing json value: strconv.ParseInt: parsing "1e3": invalid syntax'],
    [
      '{"c":9223372036854775808}',
      'error parsing json value: strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
  ];
  for (const [json, message] of cases) {
    assert.throws(() => parseParams(json), { name: "ParamsError", code: "INFLUXQL_PARAMS", message });
  }
  assert.deepEqual(parseParams("null"), {});
});

test("values that come from no JSON", () => {
  const params = { i: 1, f: 1.5, big: 2n ** 62n, far: 1e300 };
  const printed = print(parseExpression("x = $i + $f + $big", params));
  assert.equal(printed, "x = 1 + 1.5 + 4611686018427387904");
  assert.equal(print(parseExpression("$far", params)), `1${"0".repeat(300)}.0`);
});

test("a parameter stands wherever its kind may, in any of InfluxQL's names", () => {
  const params = {
    m: { ident: "the cpu" },
    r: { regex: "a|b" },
    d: { duration: "1h" },
    n: 3,
    5: "five",
    "a b": true,
    select: "s",
    f: { ident: "MEAN" },
  };
  const text =
    'SELECT $f(v) FROM $m, $r WHERE h =~ $r AND a = -$n AND b = $5 AND c = $"a b" AND d = $select GROUP BY time($d) LIMIT $n';
  const printed =
    "SELECT mean(v) FROM \"the cpu\", /a|b/ WHERE h =~ /a|b/ AND a = -3 AND b = 'five' AND c = true AND d = 's' GROUP BY time(1h) LIMIT 3";
  assert.equal(print(parseStatement(text, params)), printed);
});

test("a name that only objects in general have is missing", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.throws(() => parseExpression(`x = $${name}`, {}), { message: `missing parameter: ${name}` });
  }
  assert.throws(
    () => parseStatement("SHOW $d", { d: { ident: "DATABASES" } }),
    /^ParseError: found DATABASES/,
  );
  assert.throws(
    () => parseStatement("SELECT v FROM cpu LIMIT $n", { n: -1 }),
    /LIMIT must be >= 0 at line 1/,
  );
  assert.throws(() => parseExpression('x = $""', { "": 1 }), { message: "empty bound parameter" });
});
