/** Where an offset lies in a text, as influxd says it: both from 1, `char` in code points, CR LF is one newline. */
export function positionAt(text: string, offset: number): { readonly line: number; readonly char: number } {
  let line = 1;
  let char = 1;
  for (let at = 0; at < offset; ) {
    const code = text.codePointAt(at) as number;
    at += code > 0xffff || (code === 13 && text.charCodeAt(at + 1) === 10) ? 2 : 1;
    if (code === 10 || code === 13) {
      line += 1;
      char = 1;
    } else {
      char += 1;
    }
  }
  return { line, char };
}

/** The offset of the character before `offset`; of the first it is the first itself. */
export function previousOffset(text: string, offset: number): number {
  if (offset === 0) return 0;
  const before = offset - 1;
  const isCrLf = text.charCodeAt(before) === 10 && text.charCodeAt(before - 1) === 13;
  const isPair = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(before - 1, offset));
  return isCrLf || isPair ? before - 1 : before;
}
