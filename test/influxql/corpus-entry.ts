import { DATABASE } from "./data-set.ts";

/** A text for InfluxDB's `q`: mostly one statement. */
export interface Entry {
  readonly family: string;
  /** `wrong`: InfluxDB cannot parse it. `mutate`: of a database that is called `scratch`, see mutating.ts. */
  readonly kind: "read" | "mutate" | "wrong";
  readonly q: string;
  /** The request's `db`. */
  readonly db: string;
  /** The request's `params`, as JSON. */
  readonly params?: string;
  /**
   * What InfluxDB answers over the data set. `error` is one of execution: the statement parses. `varies`: not the same
   * each time, as it tells of the server, or is random.
   */
  readonly answer: "rows" | "nothing" | "error" | "varies";
  /** Who can log in afterwards. */
  readonly login?: { readonly username: string; readonly password: string };
}

/** The lines of `text`, one entry each. */
export function reading(family: string, answer: Entry["answer"], text: string, db = DATABASE): Entry[] {
  return lines(text).map((q) => ({ family, kind: "read", q, db, answer }));
}

export const wrong = (q: string): Entry => ({
  family: "wrong",
  kind: "wrong",
  q,
  db: DATABASE,
  answer: "error",
});

export const lines = (text: string) => text.split("\n").filter((line) => line !== "");
