import type { Context } from "hono";
import { streamOf } from "../../src/query/body.ts";
import type { AnswerBody } from "../../src/query/query.ts";

/** A web-standard response: the runtime cuts the connection when the stream fails. */
export function stream(
  _c: Context,
  status: number,
  headers: Record<string, string>,
  body: AnswerBody,
): Response {
  return new Response(withoutBody(status) ? drop(body) : streamOf(body), { status, headers });
}

/** A Response of such a status cannot have a body, also none that is empty. */
const withoutBody = (status: number) => status === 204 || status === 205 || status === 304;

function drop(body: AnswerBody): null {
  body.cancel();
  return null;
}
