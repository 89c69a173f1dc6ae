/** The parameters of a request's query: the first value of each name. */
export type Parameters = ReadonlyMap<string, string>;

const lossy = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Parses the query of a URL as Go's `url.ParseQuery` does, so that a relay and an InfluxDB agree on what a request
 * says: pairs are separated by `&`, a pair with a `;` or an invalid escape is dropped, `+` is a blank. Written by
 * hand because `new URL()` costs more than all the rest of a small write.
 */
export function parseParameters(url: string): Parameters {
  const parameters = new Map<string, string>();
  let start = url.indexOf("?") + 1;
  if (start === 0) return parameters;
  while (start < url.length) {
    let end = url.indexOf("&", start);
    if (end === -1) end = url.length;
    if (end > start) addPair(parameters, url.slice(start, end));
    start = end + 1;
  }
  return parameters;
}

/**
 * The query of a URL as it came, with its `?`, without the parameters `u` and `p`: they go on as a header, which is not
 * logged. What a URL must not have is percent-encoded, each character as one byte.
 */
export function withoutCredentials(url: string): string {
  const start = url.indexOf("?");
  if (start === -1) return "";
  const pairs = url.slice(start + 1).split("&");
  const kept = pairs.filter((pair) => {
    const name = decodePart(pair.split("=", 1)[0] as string);
    return name !== "u" && name !== "p";
  });
  const query = kept.join("&").replace(/[^\x21-\x7e]/g, percent);
  return query === "" ? "" : `?${query}`;
}

function percent(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0xff ? encodeURIComponent(character) : `%${code.toString(16).padStart(2, "0")}`;
}

function addPair(parameters: Map<string, string>, pair: string): void {
  if (pair.includes(";")) return;
  const equals = pair.indexOf("=");
  const name = decodePart(equals === -1 ? pair : pair.slice(0, equals));
  const value = equals === -1 ? "" : decodePart(pair.slice(equals + 1));
  if (name === undefined || value === undefined || parameters.has(name)) return;
  parameters.set(name, value);
}

function decodePart(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  if (/%(?![0-9a-fA-F]{2})/.test(spaced)) return undefined;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Go keeps bytes that are not UTF-8; no database or user of InfluxDB can have such a name.
    return spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, decodeLossy);
  }
}

function decodeLossy(escapes: string): string {
  const bytes = escapes
    .split("%")
    .slice(1)
    .map((hex) => Number.parseInt(hex, 16));
  return lossy.decode(new Uint8Array(bytes));
}
