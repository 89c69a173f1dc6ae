import type { Context } from "hono";
import type { Admit } from "./admission.ts";
import type { Answers } from "./answers.ts";
import type { AppListener } from "./listener.ts";
import { parseParameters } from "./parameters.ts";

/** Passes /query on, for who may. */
export function createQueryEndpoint(
  passThrough: NonNullable<AppListener["queryPassThrough"]>,
  answers: Answers,
  admit: Admit,
): (c: Context) => Promise<Response> {
  return async (c) => {
    const admitted = await admit(parseParameters(c.req.url), c.req.header("authorization"));
    if (admitted.refusal !== undefined) return answers.reply(c, admitted.refusal);
    return passThrough(c.req.raw, admitted.credentials);
  };
}
