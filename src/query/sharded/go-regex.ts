/** Classes whose members differ between Go and JavaScript, as Go has them. */
const CLASSES: Readonly<Record<string, string>> = { d: "0-9", w: "0-9A-Za-z_", s: "\\t\\n\\f\\r " };
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/**
 * A regular expression of Go's syntax, for names. Undefined if it uses something that could mean another thing here.
 */
export function goRegex(pattern: string): RegExp | undefined {
  const ignoreCase = pattern.startsWith("(?i)");
  const text = ignoreCase ? pattern.slice(4) : pattern;
  let translated = "";
  let inClass = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === "\\") {
      at++;
      const escaped = translateEscape(text[at], inClass);
      if (escaped === undefined) return undefined;
      translated += escaped;
    } else if (inClass) {
      if (char === "[") return undefined;
      if (char === "]" && !/(?:^|[^\\])\[\^?$/.test(translated)) inClass = false;
      translated += char;
    } else if (char === "[") {
      inClass = true;
      translated += char;
    } else if (char === "." || char === "(") {
      const group = text.startsWith("(?", at) && !text.startsWith("(?:", at);
      if (group) return undefined;
      translated += char === "." ? "[^\\n]" : char;
    } else translated += char;
  }
  try {
    return new RegExp(translated, ignoreCase ? "iu" : "u");
  } catch {
    return undefined;
  }
}

function translateEscape(char: string | undefined, inClass: boolean): string | undefined {
  if (char === undefined) return undefined;
  const members = CLASSES[char.toLowerCase()];
  if (members !== undefined) {
    if (char === char.toLowerCase()) return inClass ? members : `[${members}]`;
    return inClass ? undefined : `[^${members}]`;
  }
  if (char === "n" || char === "t" || char === "r" || char === "f") return `\\${char}`;
  return PUNCTUATION.test(char) ? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}` : undefined;
}
