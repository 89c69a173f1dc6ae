import { CORPUS } from "../influxql/corpus.ts";
import type { Entry } from "../influxql/corpus-entry.ts";
import { compareResults, joinChunks } from "./answer-compare.ts";
import { problemsOf } from "./influxql-checks.ts";
import { check } from "./sharded-check.ts";
import { ask, type Question, type ShardedScene } from "./sharded-scene.ts";

/** Each statement of the corpus that only reads, once. */
export const READING: readonly Entry[] = [
  ...new Map(
    CORPUS.filter(({ kind }) => kind === "read").map((entry) => [
      JSON.stringify([entry.q, entry.db, entry.params]),
      entry,
    ]),
  ).values(),
];

export interface Tally {
  /** By the kind of the outcome, and its reason. */
  readonly counts: Readonly<Record<string, number>>;
  readonly different: readonly string[];
}

export async function checkAll(
  scene: ShardedScene,
  listener: string,
  questions: readonly (Question & Partial<Pick<Entry, "answer">>)[],
): Promise<Tally> {
  const counts: Record<string, number> = {};
  const different = await problemsOf(questions, 4, async ({ answer, ...question }) => {
    const outcome = await check(scene, listener, question, answer === "varies");
    const kind = "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (outcome.kind !== "different") return [];
    const { why, ours, theirs } = outcome;
    const excerpt = ({ status, body }: typeof ours) => `${status} ${body.slice(0, 300)}`;
    return [
      `${question.q}\n  ${why.slice(0, 400)}\n  InfluxDB: ${excerpt(theirs)}\n  we:       ${excerpt(ours)}`,
    ];
  });
  return { counts, different };
}

/** At least nine of ten answers are InfluxDB's to the letter. */
export function mostly({ counts }: Tally): boolean {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (counts["bytes"] ?? 0) >= 0.85 * all;
}

const FORMS: readonly Pick<Question, "more" | "gzip" | "accept">[] = [
  { accept: "application/csv", gzip: true },
  { accept: "text/csv", more: { epoch: "ms" } },
  { more: { pretty: "true" }, gzip: true },
  { more: { epoch: "ms" } },
  { more: { epoch: "h", pretty: "true" } },
];

/** What differs in the other forms of an answer that is InfluxDB's to the letter as JSON. */
export function checkForms(
  { relay, whole }: ShardedScene,
  listener: string,
  questions: readonly Question[],
): Promise<string[]> {
  const both = (question: Question) =>
    Promise.all([ask(relay.url(listener), question), ask(whole.url, question)]);
  return problemsOf(questions, 4, async ({ q, db, params }) => {
    const question = { q, db, params };
    const [ours, theirs] = await both(question);
    if (ours.body !== theirs.body) return [];
    const problems: string[] = [];
    for (const form of FORMS) {
      const [left, right] = await both({ ...question, ...form });
      if (left.body !== right.body || left.status !== right.status) {
        problems.push(
          `${q} ${JSON.stringify(form)}\n${right.body.slice(0, 300)}\n${left.body.slice(0, 300)}`,
        );
      }
    }
    const [left, right] = await both({ ...question, more: { chunked: "true", chunk_size: "3" } });
    // Where chunks end is not the same on InfluxDB itself.
    const verdict =
      right.status === 200 && !right.body.startsWith("json: error")
        ? compareResults(joinChunks(left.body), joinChunks(right.body), {
            ties: true,
            floats: false,
            any: [],
          })
        : { alike: "bytes" };
    if ("different" in verdict) problems.push(`${q} in chunks: ${verdict.different}`);
    return problems;
  });
}
