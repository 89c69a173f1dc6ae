/** What may differ between two answers that are both right. */
export interface Leeway {
  /** Rows of one time may come in any order. */
  readonly ties: boolean;
  /** Numbers with a fraction may differ in their last digits. */
  readonly floats: boolean;
  /** Columns that may hold anything. */
  readonly any: readonly number[];
}

export type Verdict = { readonly alike: "bytes" | "rows" } | { readonly different: string };

export interface ParsedSeries {
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values?: readonly (readonly string[])[];
}

export interface ParsedResult {
  readonly statement_id: number;
  readonly error?: string;
  readonly series?: readonly ParsedSeries[];
}

interface Text {
  readonly text: string;
}

/** Cells become texts that keep every digit, and in which strings have quotes. */
export function parseAnswer(body: string): readonly ParsedResult[] {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ) => unknown;
  const { results = [] } = parse(body, (_, value, { source }) =>
    typeof value === "number" && !Number.isSafeInteger(value)
      ? { text: source }
      : value === 0
        ? { text: source }
        : value,
  ) as { results?: ParsedResult[] };
  return results.map((result, id) => ({
    ...result,
    statement_id: id,
    ...(result.series === undefined
      ? {}
      : {
          series: result.series.map((series) => ({
            ...series,
            ...(series.values === undefined
              ? {}
              : { values: series.values.map((row) => row.map((cell: unknown) => cellText(cell))) }),
          })),
        }),
  }));
}

const cellText = (cell: unknown): string =>
  typeof cell === "object" && cell !== null ? (cell as Text).text : JSON.stringify(cell);

export function compareResults(
  ours: readonly ParsedResult[],
  theirs: readonly ParsedResult[],
  leeway: Leeway,
): Verdict {
  if (ours.length !== theirs.length) return { different: `${ours.length} results, not ${theirs.length}` };
  for (const [id, right] of theirs.entries()) {
    const different = differenceOf(ours[id] as ParsedResult, right, leeway);
    if (different !== undefined) return { different: `result ${id}: ${different}` };
  }
  return { alike: "rows" };
}

export function differenceOf(ours: ParsedResult, theirs: ParsedResult, leeway: Leeway): string | undefined {
  if (ours.error !== theirs.error) return `error ${ours.error}, not ${theirs.error}`;
  const [left, right] = [ours.series ?? [], theirs.series ?? []];
  const heads = (list: readonly ParsedSeries[]) =>
    list.map(({ name, tags, columns }) => JSON.stringify([name, tags, columns]));
  const [leftHeads, rightHeads] = [heads(left), heads(right)];
  const head = rightHeads.findIndex((text, at) => text !== leftHeads[at]);
  if (head >= 0 || left.length !== right.length) {
    const at = head < 0 ? right.length : head;
    return `series ${at} is ${leftHeads[at]}, not ${rightHeads[at]} (${left.length} series, not ${right.length})`;
  }
  for (const [at, series] of right.entries()) {
    const different = rowDifference(left[at]?.values ?? [], series.values ?? [], leeway);
    if (different !== undefined) return `series ${rightHeads[at]}: ${different}`;
  }
  return undefined;
}

type Rows = readonly (readonly string[])[];

function rowDifference(ours: Rows, theirs: Rows, leeway: Leeway): string | undefined {
  if (ours.length !== theirs.length) return `${ours.length} rows, not ${theirs.length}`;
  for (let from = 0; from < theirs.length; ) {
    const time = theirs[from]?.[0];
    let to = from + 1;
    while (leeway.ties && theirs[to]?.[0] === time && to < theirs.length) to++;
    const left = ours.slice(from, to);
    const rest = [...left];
    for (const row of theirs.slice(from, to)) {
      const found = rest.findIndex((other) => isSameRow(other, row, leeway));
      if (found < 0)
        return `row ${from} is ${JSON.stringify(left)}, not ${JSON.stringify(theirs.slice(from, to))}`;
      rest.splice(found, 1);
    }
    from = to;
  }
  return undefined;
}

const isSameRow = (a: readonly string[], b: readonly string[], { floats, any }: Leeway): boolean =>
  a.length === b.length &&
  a.every((cell, at) => cell === b[at] || any.includes(at) || (floats && isNear(cell, b[at] ?? "")));

/** Sums of floats in another order. */
function isNear(a: string, b: string): boolean {
  if (a.startsWith('"') || b.startsWith('"')) return false;
  const [x, y] = [Number(a), Number(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return false;
  return Math.abs(x - y) <= 1e-12 * Math.max(Math.abs(x), Math.abs(y));
}

/** The results of an answer in chunks, each a document in a line. */
export function joinChunks(body: string): readonly ParsedResult[] {
  const results: ParsedResult[] = [];
  let goesOn = false;
  for (const line of body.trim().split("\n")) {
    const { results: parts = [] } = JSON.parse(line) as { results?: { statement_id: number }[] };
    for (const [at, part] of parseAnswer(line).entries()) {
      const id = parts[at]?.statement_id ?? 0;
      const before = results[id];
      const series = [...(before?.series ?? [])];
      for (const { partial, ...next } of (part.series ?? []) as (ParsedSeries & { partial?: boolean })[]) {
        const last = series.at(-1);
        if (goesOn && last !== undefined) {
          series[series.length - 1] = { ...last, values: [...(last.values ?? []), ...(next.values ?? [])] };
        } else series.push(next);
        goesOn = partial === true;
      }
      const { error } = part;
      results[id] = { statement_id: id, series, ...(error === undefined ? {} : { error }) };
    }
  }
  return results;
}
