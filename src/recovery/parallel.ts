/**
 * Runs `run` for each item, so many at a time. After one failed no other begins; it rejects when those that run have
 * ended.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  atATime: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed: { readonly error: unknown } | undefined;
  async function work(): Promise<void> {
    for (let next = left.next(); !next.done && failed === undefined; next = left.next()) {
      try {
        await run(next.value);
      } catch (error) {
        failed ??= { error };
      }
    }
  }
  await Promise.all(Array.from({ length: atATime }, work));
  if (failed !== undefined) throw failed.error;
}

/** Runs what it is given when what it was given before has ended, also if that failed. */
export type Turn = <T>(run: () => Promise<T>) => Promise<T>;

export function inTurn(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => {});
    return result;
  };
}
