import assert from "node:assert/strict";
import { test } from "node:test";
import { goQuote } from "../../src/http/go-quote.ts";

test("quotes as InfluxDB's messages do", () => {
  // Tried on InfluxDB 1.6.7 as the name of a database.
  assert.equal(goQuote("a"), '"a"');
  assert.equal(goQuote('"q\\\x07\x7f\x80\xad😀'), '"\\"q\\\\\\a\\x7f\\u0080\\u00ad😀"');
  assert.equal(goQuote("a\r\nb"), '"a\\r\\nb"');
  assert.equal(goQuote("\x00"), '"\\x00"');
  assert.equal(goQuote("\u2028<>é"), '"\\u2028<>é"');
  assert.equal(goQuote("\u{e0001}"), '"\\U000e0001"');
});
