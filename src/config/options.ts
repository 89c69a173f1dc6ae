import * as v from "valibot";
import { isLinkLocal, parseAddress } from "./address.ts";
import { parseGoDuration } from "./go-duration.ts";
import { LINK_LOCAL, LOCATION_FORM, parseLocation } from "./location.ts";
import { Secret } from "./secret.ts";

/**
 * What the schema knows of a key beside how to check it: `v.getMetadata` of the key's schema. Messages are made from
 * it, and so is the reference of the config.
 */
export type OptionInfo = {
  /** What the key means, in a sentence. */
  readonly about: string;
  /** What is allowed, to be read after "must be". */
  readonly form: string;
  /** What holds when the key is absent, in words or as it would be written; absent for a key that must be given. */
  readonly fallback?: string;
  readonly unit?: string;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly secret?: true;
};

/** `v.metadata` with its fields checked. */
export function info<TInput>(fields: OptionInfo) {
  return v.metadata<TInput, OptionInfo>(fields);
}

/** A TOML table with these keys. Unknown keys are found by `unknown-keys.ts`, all at once and with a suggestion. */
export function table<const TEntries extends v.ObjectEntries>(entries: TEntries) {
  return v.pipe(
    v.custom<v.InferInput<v.ObjectSchema<TEntries, undefined>>>(
      (input) =>
        typeof input === "object" && input !== null && !Array.isArray(input) && !(input instanceof Date),
      "must be a table",
    ),
    v.object(entries, (issue) => {
      const missing = entries[String(issue.path?.[0].key)] as v.GenericSchema;
      return `is missing; it must be ${v.getMetadata(missing)["form"]}`;
    }),
  );
}

/** A text that must not be empty when it is given. */
export function text(about: string, fallback: string) {
  const form = "a text that is not empty";
  return v.pipe(
    v.optional(v.pipe(v.string(`must be ${form}`), v.nonEmpty(`must be ${form}`))),
    info({ about, form, fallback }),
  );
}

/** A text that must be given. */
export function neededText(about: string) {
  const form = "a text that is not empty";
  return v.pipe(v.string(`must be ${form}`), v.nonEmpty(`must be ${form}`), info({ about, form }));
}

/** A text for which empty means absent, as in the original relay. */
export function emptyableText(about: string, fallback: string) {
  const form = "a text";
  return v.pipe(
    v.optional(
      v.pipe(
        v.string(`must be ${form}`),
        v.transform((value) => (value === "" ? undefined : value)),
      ),
    ),
    info({ about, form, fallback }),
  );
}

/** A text whose default is empty. */
export function plainText(about: string) {
  const form = "a text";
  return v.pipe(v.optional(v.string(`must be ${form}`), ""), info({ about, form, fallback: '""' }));
}

export function flag(about: string) {
  const form = "true or false";
  return v.pipe(v.optional(v.boolean(`must be ${form}`), false), info({ about, form, fallback: "false" }));
}

export function choice<const TValues extends readonly [string, ...string[]]>(
  about: string,
  values: TValues,
  fallback: TValues[number],
) {
  const form = `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`;
  return v.pipe(
    v.optional(v.picklist(values, `must be ${form}`), fallback),
    info({ about, form, fallback: JSON.stringify(fallback) }),
  );
}

/** A list of words, none unless given. Their case does not matter. */
export function choices<const TValues extends readonly [string, ...string[]]>(
  about: string,
  form: string,
  values: TValues,
) {
  const item = v.pipe(
    v.string(`must be ${form}`),
    v.transform((value) => value.toUpperCase().split(/\s+/).join(" ")),
    v.picklist(values, `must be ${form}`),
  );
  return v.pipe(v.optional(v.array(item, `must be ${form}`), []), info({ about, form, fallback: "[]" }));
}

interface WholeNumber {
  readonly about: string;
  readonly unit: string;
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  /** In the original relay 0 meant the default; in keys that it had, it still does. */
  readonly zeroIsDefault?: true;
}

export function wholeNumber({ about, unit, fallback, min, max, zeroIsDefault }: WholeNumber) {
  const form = `a whole number from ${min} to ${max} (${unit})${zeroIsDefault ? `, or 0 for the default ${fallback}` : ""}`;
  const mustBe = `must be ${form}`;
  const isDefault = (value: number) => zeroIsDefault === true && value === 0;
  return v.pipe(
    v.optional(
      v.pipe(
        v.number(mustBe),
        v.check(
          (value) => isDefault(value) || (Number.isInteger(value) && value >= min && value <= max),
          mustBe,
        ),
        v.transform((value) => (isDefault(value) ? fallback : value)),
      ),
      fallback,
    ),
    info({ about, form, fallback: String(fallback), unit, min, max }),
  );
}

interface Duration {
  readonly about: string;
  readonly fallback: string;
  /** 1ms unless given. */
  readonly min?: string;
  readonly max: string;
  /** In the original relay an empty text meant the default; in keys that it had, it still does. */
  readonly emptyIsDefault?: true;
}

/** A duration as Go writes it; the value is milliseconds, rounded to whole ones. */
export function duration({ about, fallback, min = "1ms", max, emptyIsDefault }: Duration) {
  const form = `a duration from ${min} to ${max}, such as "${fallback}"`;
  const mustBe = `must be ${form}`;
  const milliseconds = (value: string) =>
    parseGoDuration(value === "" && emptyIsDefault ? fallback : value) ?? Number.NaN;
  return v.pipe(
    v.optional(
      v.pipe(
        v.string(mustBe),
        v.check(
          (value) => milliseconds(value) >= milliseconds(min) && milliseconds(value) <= milliseconds(max),
          mustBe,
        ),
        v.transform((value) => Math.round(milliseconds(value))),
      ),
      fallback,
    ),
    info({ about, form, fallback: JSON.stringify(fallback), unit: "duration", min, max }),
  );
}

/** `host:port` to listen on; `such` are examples as they would be written. */
export function bindAddress(about: string, such = '"127.0.0.1:9096" or ":9096"') {
  const form = `host:port such as ${such}, with a port from 0 to 65535`;
  return v.pipe(
    v.string(`must be ${form}`),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const address = parseAddress(dataset.value);
      if (address !== undefined) return address;
      addIssue({ message: `must be ${form}` });
      return NEVER;
    }),
    info({ about, form }),
  );
}

/** `host:port` to send datagrams to. */
export function datagramLocation(about: string) {
  const form = 'host:port such as "127.0.0.1:8089", with a port from 1 to 65535';
  return v.pipe(
    v.string(`must be ${form}`),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const address = parseAddress(dataset.value);
      if (address === undefined || address.host === "" || address.port === 0)
        addIssue({ message: `must be ${form}` });
      else if (isLinkLocal(address.host)) addIssue({ message: LINK_LOCAL });
      else return address;
      return NEVER;
    }),
    info({ about, form }),
  );
}

/** The URL of an InfluxDB server's write endpoint. */
export function httpLocation(about: string) {
  return v.pipe(
    v.string(`must be ${LOCATION_FORM}`),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const location = parseLocation(dataset.value);
      if (!("problem" in location)) return location;
      addIssue({ message: location.problem });
      return NEVER;
    }),
    info({ about, form: LOCATION_FORM }),
  );
}

/** A user name for HTTP Basic, in which a colon would end it (RFC 7617). */
export function username(about: string) {
  const form = "a text without colons and control characters that is not empty";
  return v.pipe(
    v.optional(v.pipe(v.string(`must be ${form}`), v.regex(/^[^:\x00-\x1f\x7f]+$/, `must be ${form}`))),
    info({ about, form, fallback: "none" }),
  );
}

export function password(about: string) {
  const form = "a text without control characters that is not empty";
  return v.pipe(
    v.optional(
      v.pipe(
        v.string(`must be ${form}`),
        v.regex(/^[^\x00-\x1f\x7f]+$/, `must be ${form}`),
        v.transform((value) => new Secret(value)),
      ),
    ),
    info({ about, form, fallback: "none", secret: true }),
  );
}

/** A token goes into a header as it is, so it must be what a header can carry. */
export function token(about: string, fallback = "none") {
  const form = "printable ASCII that is not empty and neither begins nor ends with a space";
  return v.pipe(
    v.optional(
      v.pipe(
        v.string(`must be ${form}`),
        v.regex(/^[!-~](?:[ -~]*[!-~])?$/, `must be ${form}`),
        v.transform((value) => new Secret(value)),
      ),
    ),
    info({ about, form, fallback, secret: true }),
  );
}

/** A key of 256 bits. */
export function secretKey(about: string) {
  const form = `32 bytes in base64 (44 characters), as "openssl rand -base64 32" makes them`;
  return v.pipe(
    v.optional(
      v.pipe(
        v.string(`must be ${form}`),
        v.regex(/^[A-Za-z0-9+/]{43}=$/, `must be ${form}`),
        v.transform((value) => new Secret(value)),
      ),
    ),
    info({ about, form, fallback: "none", secret: true }),
  );
}
