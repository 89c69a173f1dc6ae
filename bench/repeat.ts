/** Milliseconds that `run` takes, after a first time that does not count: the mean of as many as fit into so long, at least one. */
export function repeat(minMs: number, run: () => unknown): number {
  run();
  const start = performance.now();
  let rounds = 0;
  let elapsed = 0;
  for (; elapsed < minMs; rounds++) {
    run();
    elapsed = performance.now() - start;
  }
  return elapsed / rounds;
}
