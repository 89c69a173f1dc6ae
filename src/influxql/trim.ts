/** Unicode's White_Space, which Go's `strings.TrimSpace` cuts off: other than for `trim` U+0085 is, U+FEFF is not. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** A query without the space around it, as influxd's HTTP handler gives it to the parser. */
export function trimQuery(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.test(text.charAt(start))) start += 1;
  while (end > start && SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
