/**
 * JSON as Go's encoder prints it, which is what InfluxDB sends: `<`, `>` and `&` are escaped, integers keep all
 * their digits and minus zero keeps its sign.
 */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export function toJson(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object") return String(value);
  if (isArray(value)) return `[${value.map(toJson).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${quote(key)}:${toJson(member as Json)}`).join(",")}}`;
}

// Array.isArray does not narrow a readonly array.
const isArray = (value: object): value is readonly Json[] => Array.isArray(value);

const quote = (text: string) =>
  JSON.stringify(text)
    .replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/\\(?:([bf])|.)/g, (found, letter) =>
      letter === "b" ? "\\u0008" : letter === "f" ? "\\u000c" : found,
    );
