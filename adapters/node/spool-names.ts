/** What stands as it is in the name of a file. */
const PLAIN = /^[A-Za-z0-9_-]$/;
/** The empty text, which cannot be the name of a file. */
const EMPTY = "%";

/**
 * Any text as the name of a file or directory: percent-encoded UTF-8, a leading dot too. Letters stay as they are,
 * so that on a file system that ignores case two texts that differ in nothing else meet.
 */
export function encodeName(text: string): string {
  let name = "";
  for (const character of text) {
    name += PLAIN.test(character) || (character === "." && name !== "") ? character : percent(character);
  }
  return name === "" ? EMPTY : name;
}

/** The text of a name; undefined for a name that {@link encodeName} does not give. */
export function decodeName(name: string): string | undefined {
  if (name === EMPTY) return "";
  try {
    const text = decodeURIComponent(name);
    return encodeName(text) === name ? text : undefined;
  } catch {
    return undefined;
  }
}

function percent(character: string): string {
  const bytes = new TextEncoder().encode(character);
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}
