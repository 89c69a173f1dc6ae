import * as v from "valibot";
import { info } from "./options.ts";

/** InfluxDB 2.x's own name for what was a database and policy (its DBRP mapping, and the buckets of `influxd upgrade`). */
const DEFAULT_BUCKET = "{db}/{rp}";

/** The name of a bucket, or what it is made of. */
export function bucket(about: string) {
  const form = 'a text that is not empty, with no other {words} than {db} and {rp}, such as "{db}/{rp}"';
  const isSound = (value: string) => value !== "" && !/[{}]/.test(value.replace(/\{(?:db|rp)\}/g, ""));
  return v.pipe(
    v.optional(v.pipe(v.string(`must be ${form}`), v.check(isSound, `must be ${form}`)), DEFAULT_BUCKET),
    info({ about, form, fallback: JSON.stringify(DEFAULT_BUCKET) }),
  );
}
