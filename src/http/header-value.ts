const encoder = new TextEncoder();

/**
 * Text as the value of a response header: one line, each character one byte. Line ends and other control
 * characters become blanks, as Go writes them; what is not Latin-1 goes out as the bytes of its UTF-8.
 */
export function headerValue(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const bytes = /[^\x00-\xff]/.test(text) ? utf8(text) : text;
  return bytes.replace(/[\x00-\x1f\x7f]/g, " ").trim();
}

function utf8(text: string): string {
  return binaryString(encoder.encode(text));
}

/** Bytes as a string with one character for each. */
export function binaryString(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
