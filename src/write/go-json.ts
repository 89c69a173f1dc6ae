/** JSON as Go prints it: characters that mean something to HTML are escaped too, and some are escaped longer. */
export function goJson(value: string | object): string {
  return JSON.stringify(value)
    .replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/\\(?:([bf])|.)/g, (found, letter) =>
      letter === "b" ? "\\u0008" : letter === "f" ? "\\u000c" : found,
    );
}
