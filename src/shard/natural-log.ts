/** The last term of the series is below 2^-53 of the sum. */
const LAST_EXPONENT = 21;

/**
 * The natural logarithm of a number between 0 and 1, made of +, -, * and / alone, whose results ECMAScript prescribes to
 * the bit. `Math.log` may differ between engines in the last digit, and a key must not have two owners.
 */
export function naturalLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  // ln(m) = 2 (s + s^3/3 + s^5/5 + ...) with s = (m - 1) / (m + 1), and |s| < 0.172 here.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let k = LAST_EXPONENT; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return 2 * s * sum + exponent * Math.LN2;
}
