import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { headerValue } from "../../src/http/header-value.ts";

test("plain text stays", () => {
  assert.equal(headerValue("database is required"), "database is required");
});

test("line ends become blanks", () => {
  assert.equal(headerValue("a\r\nSet-Cookie: x\n"), "a  Set-Cookie: x");
});

test("Latin-1 stays as it is, anything beyond goes out as UTF-8", () => {
  assert.equal(headerValue("\xc3\xa9"), "\xc3\xa9");
  assert.equal(headerValue("€é"), "\xe2\x82\xac\xc3\xa9");
});

const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 50 })
  .map((codes) => String.fromCodePoint(...codes));

test("any text is a valid header value", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(new Headers({ a: headerValue(text) }).get("a"), headerValue(text));
    }),
    { numRuns: 500 },
  );
});
