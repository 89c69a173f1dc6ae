import assert from "node:assert/strict";
import { test } from "node:test";
import {
  errorResult,
  isError,
  numbered,
  printResults,
  resultsIn,
  withDeprecation,
} from "../../src/query/results.ts";

test("results are cut out of an answer with every digit and bracket as it is", () => {
  const first =
    '{"statement_id":0,"series":[{"name":"a]}{","values":[[9007199254740993,-0,1e+21,"\\"]}"]]}]}';
  const second = '{"statement_id":1}';
  assert.deepEqual(resultsIn(`{"results":[${first},${second}]}\n`), [first, second]);
  assert.deepEqual(resultsIn('{"results":[]}\n'), []);
});

test("what is no whole answer has no results", () => {
  for (const text of ["", "[]", '{"error":"x"}', '{"results":[{"statement_id":0}', '{"results":[{"a":"x'])
    assert.equal(resultsIn(text), undefined, text);
});

test("a result gets the number of its statement, also one that had none", () => {
  assert.equal(numbered('{"statement_id":0}', 3), '{"statement_id":3}');
  assert.equal(numbered('{"statement_id":0,"series":[]}', 3), '{"statement_id":3,"series":[]}');
  assert.equal(numbered('{"series":[]}', 3), '{"statement_id":3,"series":[]}');
  assert.equal(numbered("{}", 3), '{"statement_id":3}');
});

test("a failed statement is told by its error, which comes last", () => {
  assert.ok(isError(errorResult(0, 'a "b" }')));
  assert.ok(isError('{"statement_id":0,"series":[],"error":"x"}'));
  assert.ok(!isError('{"statement_id":0,"series":[{"tags":{"error":"x"},"columns":[]}]}'));
  assert.ok(!isError('{"statement_id":0}'));
});

test("errors and warnings are escaped as InfluxDB escapes them", () => {
  assert.equal(errorResult(1, "<a>\u2028\b"), '{"statement_id":1,"error":"\\u003ca\\u003e\\u2028\\u0008"}');
  assert.equal(
    withDeprecation('{"statement_id":0}', 'CREATE DATABASE "a<b"'),
    `{"statement_id":0,"messages":[{"level":"warning","text":"deprecated use of 'CREATE DATABASE \\"a\\u003cb\\"' in a read only context, please use a POST request instead"}]}`,
  );
});

test("results are printed as one document, or each as its own", () => {
  assert.equal(printResults(["{1}", "{2}"], false), '{"results":[{1},{2}]}\n');
  assert.equal(printResults(["{1}", "{2}"], true), '{"results":[{1}]}\n{"results":[{2}]}\n');
});
