import assert from "node:assert/strict";
import { test } from "node:test";
import { isExpired } from "../../src/backend/outcome.ts";
import { v2Answered } from "../../src/backend/v2-answer.ts";
import { createV2Dialect, V2_PRECISIONS, v2Authorization } from "../../src/backend/v2-dialect.ts";
import { nsPerUnit } from "../../src/write/precision.ts";
import { REMOTE_WRITE } from "../../src/writer.ts";
import { httpAnswer } from "../support/test-platform.ts";
import { v2Error } from "../support/v2-server.ts";
import { OUTPUT } from "./replica-set.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const pathOf = (bucket: string, destination: { db?: string; rp?: string; precision?: string }) => {
  const dialect = createV2Dialect({ ...OUTPUT, writePath: "/api/v2/write" }, { org: "my org", bucket });
  return dialect.path({ db: "d", rp: "", precision: "", credentials: undefined, ...destination });
};
const parametersOf = (...given: Parameters<typeof pathOf>) =>
  Object.fromEntries(new URL(pathOf(...given), "http://a").searchParams);

test("database and policy become a bucket", () => {
  for (const [template, db, rp, bucket] of [
    ["{db}/{rp}", "d", "", "d/autogen"],
    ["{db}/{rp}", "d", "weekly", "d/weekly"],
    ["{db}", "d", "weekly", "d"],
    ["metrics", "d", "weekly", "metrics"],
    ["x-{rp}-{db}", "é &", "r/s", "x-r/s-é &"],
    ["{db}/{rp}", "{rp}$&", "{db}", "{rp}$&/{db}"],
  ] as const) {
    assert.deepEqual(parametersOf(template, { db, rp }), { org: "my org", bucket, precision: "ns", db });
  }
  assert.match(pathOf("{db}/{rp}", {}), /^\/api\/v2\/write\?org=my%20org&bucket=d%2Fautogen&/);
});

test("each precision means the same time as in 1.x", () => {
  const NS: Readonly<Record<string, bigint>> = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n };
  for (const precision of ["", "n", "ns", "u", "ms", "s", "m", "h"]) {
    const { precision: unit } = parametersOf("{db}", { precision });
    const { factor } = V2_PRECISIONS.get(precision) ?? assert.fail(precision);
    assert.equal(factor * (NS[unit as string] as bigint), nsPerUnit(precision), precision);
  }
  assert.equal(V2_PRECISIONS.size, 8);
});

test("minutes and hours go out as seconds, and a body in another unit is sent itself", () => {
  const dialect = createV2Dialect(OUTPUT, { org: "o", bucket: "{db}" });
  const pieces = [new TextEncoder().encode("m v=1 2\nm v=1i -3")];
  const sent = (precision: string) =>
    dialect.body(pieces, { db: "d", rp: "", precision, credentials: undefined });
  assert.equal(sent("m").map(text).join(), "m v=1 120\nm v=1i -180");
  assert.equal(sent("h").map(text).join(), "m v=1 7200\nm v=1i -10800");
  assert.equal(sent("s"), pieces);
});

test("what has no form in 2.x is refused", () => {
  const dialect = createV2Dialect(OUTPUT, { org: "o", bucket: "{db}" });
  const refusal = (precision: string) => {
    const reply = dialect.refusal({ db: "d", rp: "", precision, credentials: undefined });
    return reply && [reply.status, reply.kind, reply.influxError];
  };
  assert.equal(refusal("h"), undefined);
  for (const precision of ["us", "d"]) {
    const message = `invalid precision "${precision}" (use n, u, ms, s, m or h)`;
    assert.deepEqual(refusal(precision), [400, "rejected", message]);
  }
  assert.deepEqual(refusal(REMOTE_WRITE)?.slice(0, 2), [400, "rejected"]);
});

test("a client's password becomes a token, and a token stays one", () => {
  const basic = (pair: string) => `Basic ${btoa(pair)}`;
  for (const [given, sent] of [
    [basic("u:p"), "Token u:p"],
    [basic("u:p:q r"), "Token u:p:q r"],
    [`bASIC ${btoa("u:p")}`, "Token u:p"],
    ["Token abc==", "Token abc=="],
    ["Bearer x.y.z", "Bearer x.y.z"],
    [basic("u:p\r\nx: y"), basic("u:p\r\nx: y")],
    ["Basic %%%", "Basic %%%"],
  ] as const) {
    assert.equal(v2Authorization({ authorization: given }), sent, given);
  }
});

test("each answer of the 2.x API has its outcome", () => {
  const partial = "failure writing points to database: partial write: field type conflict: x dropped=1";
  for (const [answer, kind] of [
    [httpAnswer(204), "stored"],
    [v2Error(400, "invalid", "unable to parse 'x': missing fields"), "rejected"],
    [v2Error(401, "unauthorized", "unauthorized access"), "not-ready"],
    [v2Error(403, "forbidden", "insufficient permissions for write"), "not-ready"],
    [v2Error(404, "not found", 'bucket "d/autogen" not found'), "not-ready"],
    [v2Error(413, "request too large", "points batch is too large"), "rejected"],
    [v2Error(422, "unprocessable entity", partial), "rejected"],
    [v2Error(429, "too many requests", "slow down", { "Retry-After": "7" }), "overloaded"],
    [v2Error(500, "internal error", "unexpected error writing points to database: timeout"), "unreachable"],
    [v2Error(500, "internal error", partial.replace("failure", "unexpected error")), "rejected"],
    [v2Error(503, "unavailable", "starting"), "overloaded"],
    [httpAnswer(503, "busy"), "overloaded"],
    [httpAnswer(302), "unreachable"],
  ] as const) {
    assert.equal(v2Answered(answer).kind, kind, `${answer.status} ${text(answer.body)}`);
  }
});

test("an error is in a form that clients of both APIs read", () => {
  const reply = v2Answered(v2Error(429, "too many requests", 'slow "down" <', { "Retry-After": "7" }));
  assert.equal(reply.influxError, 'slow "down" <');
  assert.equal(reply.retryAfter, "7");
  assert.equal(
    text(reply.body),
    '{"error":"slow \\"down\\" \\u003c","code":"too many requests","message":"slow \\"down\\" \\u003c"}\n',
  );
  for (const body of ["<html>no</html>", '{"error":"x"}', ""])
    assert.equal(text(v2Answered(httpAnswer(502, body)).body), body);
});

test("points that are too old are expected, in the words of each version", () => {
  const wordsOf = (message: string) => isExpired(v2Answered(v2Error(422, "unprocessable entity", message)));
  const partial = "failure writing points to database: partial write";
  assert.ok(wordsOf(`${partial}: points beyond retention policy dropped=2`));
  assert.ok(
    wordsOf(`${partial}: dropped 2 points outside retention policy of duration 2h0m0s - oldest point m`),
  );
  assert.ok(!wordsOf(`${partial}: field type conflict: input field "v" dropped=1`));
});
