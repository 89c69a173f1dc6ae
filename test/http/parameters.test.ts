import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseParameters } from "../../src/http/parameters.ts";

const db = (query: string) => parseParameters(`http://h/write?${query}`).get("db");

test("a URL without a query has no parameters", () => {
  assert.equal(parseParameters("http://h/write").size, 0);
  assert.equal(parseParameters("http://h/write?").size, 0);
});

test("pairs are read as InfluxDB reads them", () => {
  // Each one was tried on InfluxDB 1.6.7.
  assert.equal(db("db=a&db=d"), "a");
  assert.equal(db("db=%zz&db=d"), "d");
  assert.equal(db("db=d%"), undefined);
  assert.equal(db("db=d%4"), undefined);
  assert.equal(db("=&db=d"), "d");
  assert.equal(db("&&db=d"), "d");
  assert.equal(db("db&db=d"), "");
  assert.equal(db("d%62=d"), "d");
  assert.equal(db("db=d+"), "d ");
  assert.equal(db("db=d%2B"), "d+");
  assert.equal(db("db=d#x"), "d#x");
  assert.equal(db("db=d?x=1"), "d?x=1");
  assert.equal(db("db==d"), "=d");
  assert.equal(db("db=d;x"), undefined);
  assert.equal(db("x=1;db=d"), undefined);
  assert.equal(db("db=a%3Bb"), "a;b");
  assert.equal(db("db=%C3%A9"), "é");
  assert.equal(db("db=a%0d%0ab"), "a\r\nb");
});

test("bytes that are not UTF-8 do not cost the request", () => {
  assert.equal(db("db=a%ffb%C3%A9"), "a\ufffdbé");
});

test("what was encoded is decoded, first value first", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 6 }), (pairs) => {
      const query = pairs.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join("&");
      const parsed = parseParameters(`/write?${query}`);
      for (const [name] of pairs) assert.equal(parsed.get(name), pairs.find(([k]) => k === name)?.[1]);
    }),
    { numRuns: 300 },
  );
});
