import fc from "fast-check";

/**
 * Makes choices for a generator that is written as plain code. When the numbers that decide become smaller or run
 * out, each choice becomes the first one: so fast-check shrinks what is generated, if the simplest comes first.
 */
export interface Dice {
  pick<T>(options: readonly [T, ...T[]]): T;
  /** True once in `times`. */
  once(times: number): boolean;
  /** From 0 to `max`, both included. */
  upTo(max: number): number;
  /** At least one; no option twice. */
  some<T>(options: readonly [T, ...T[]], max: number): [T, ...T[]];
}

const CHOICES = 150;

export function decided(generate: (dice: Dice) => string): fc.Arbitrary<string> {
  const choices = fc.array(fc.noBias(fc.nat(0xffff_ffff)), { minLength: CHOICES, maxLength: CHOICES });
  return choices.map((numbers) => generate(createDice(numbers)));
}

function createDice(numbers: readonly number[]): Dice {
  let at = 0;
  const upTo = (max: number) => (numbers[at++] ?? 0) % (max + 1);
  const pick = <T>(options: readonly [T, ...T[]]): T => options[upTo(options.length - 1)] ?? options[0];
  return {
    pick,
    upTo,
    once: (times) => upTo(times - 1) === times - 1,
    some: <T>(options: readonly [T, ...T[]], max: number): [T, ...T[]] => {
      const first = pick(options);
      const rest = Array.from({ length: upTo(max - 1) }, () => pick(options));
      return [first, ...new Set(rest.filter((option) => option !== first))];
    },
  };
}
