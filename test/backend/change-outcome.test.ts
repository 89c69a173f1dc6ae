import assert from "node:assert/strict";
import { test } from "node:test";
import { changeAnswered } from "../../src/backend/change-outcome.ts";
import { httpAnswer, influxError } from "../support/test-platform.ts";
import { EXECUTED, statementFailed } from "./replica-set.ts";

test("of a 200 the body tells what became of a statement", () => {
  for (const [answer, kind] of [
    [EXECUTED, "stored"],
    [httpAnswer(204), "stored"],
    [statementFailed("database not found: d"), "rejected"],
    [statementFailed("retention policy not found"), "rejected"],
    [statementFailed("user already exists"), "rejected"],
    [statementFailed("engine is closed"), "overloaded"],
    [statementFailed("shard 12: engine is closed"), "overloaded"],
    [statementFailed("shard 12: fields not supported in WHERE clause during deletion"), "rejected"],
    [statementFailed("query-timeout limit exceeded"), "overloaded"],
    [statementFailed("max-concurrent-queries limit exceeded(5, 5)"), "overloaded"],
    [httpAnswer(200, '{"error":"engine is closed"}'), "overloaded"],
    [httpAnswer(200, "<html>starting</html>"), "unreachable"],
    [influxError(400, "error parsing query: found EOF"), "rejected"],
    [influxError(401, "authorization failed"), "not-ready"],
    [influxError(403, "not authorized"), "not-ready"],
    [httpAnswer(404), "not-ready"],
    [httpAnswer(429), "overloaded"],
    [httpAnswer(503), "overloaded"],
    [httpAnswer(302), "unreachable"],
    [influxError(500, "retention policy not found"), "unreachable"],
  ] as const) {
    assert.equal(
      changeAnswered(answer).kind,
      kind,
      `${answer.status} ${new TextDecoder().decode(answer.body)}`,
    );
  }
});

test("an error in the body is told as one in a header is", () => {
  assert.equal(changeAnswered(statementFailed("no such thing")).influxError, "no such thing");
});
