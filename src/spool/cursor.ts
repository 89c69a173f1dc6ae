import * as v from "valibot";

/** How far what is in a log was delivered: the fact that is stored under the log's name. */
export const cursorSchema = v.object({
  /** Everything below is done. */
  cursor: v.number(),
  /** By database and policy, where it is further on. */
  lanes: v.array(v.tuple([v.string(), v.string(), v.number()])),
  /** The same of statements, by the databases in whose order they are; null stands for all of them. */
  changes: v.optional(v.array(v.tuple([v.nullable(v.array(v.string())), v.number()])), []),
});

/** The name of the fact that says whether requests were in flight at the last orderly end. */
export const ABANDONED = "abandoned";
