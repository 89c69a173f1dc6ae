import type { Select } from "../../influxql/ast-select.ts";
import { print } from "../../influxql/print.ts";
import { walk } from "../../influxql/walk.ts";
import { JsonLines } from "./json-lines.ts";
import type { ConcatRows, MergeRows } from "./plan.ts";
import { resolveNames } from "./resolve-names.ts";
import { RowMerge, type RowMergeOptions } from "./row-merge.ts";
import { RowSource } from "./row-source.ts";
import { askRows, type RunContext, type Running } from "./run-context.ts";
import { runPass } from "./run-pass.ts";
import { timePrinter } from "./time-text.ts";
import { compareText } from "./value.ts";

/** Answers a query whose rows the shards compute. */
export async function* runRows(plan: ConcatRows | MergeRows, context: RunContext): Running {
  const select = await resolveNames(plan.select, plan.shards, context);
  // Without a column that the measurement has there is no row either, which each shard says, or what is wrong.
  if (select.fields.length === 0)
    return yield* runPass(plan.shards[0] as number, print(plan.select), context.epoch, context);
  const q = print(plan.kind === "merge-rows" ? withoutCuts(select) : withoutSeriesCuts(select));
  const sources: RowSource[] = [];
  try {
    const answers = await Promise.allSettled(plan.shards.map((shard) => askRows(context, shard, q)));
    for (const answer of answers) {
      if (answer.status === "fulfilled") sources.push(new RowSource(new JsonLines(answer.value)));
    }
    const failed = answers.find((answer) => answer.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    await Promise.all(sources.map((source) => source.next()));
    const merge = new RowMerge(sources, optionsOf(plan, select, context.epoch), context.writer, context.sink);
    while (await merge.merge()) yield;
  } finally {
    for (const source of sources) source.cancel();
  }
}

/** What is left out of each series and of the series is so after the merge: no shard can know which it is. */
function withoutCuts(select: Select): Select {
  const limit = (select.limit ?? 0) > 0 ? (select.limit ?? 0) + (select.offset ?? 0) : undefined;
  return { ...withoutSeriesCuts(select), limit, offset: undefined };
}

const withoutSeriesCuts = (select: Select): Select => ({
  ...select,
  seriesLimit: undefined,
  seriesOffset: undefined,
});

function optionsOf({ kind }: ConcatRows | MergeRows, select: Select, epoch: string): RowMergeOptions {
  const isCut = kind === "merge-rows";
  return {
    descending: select.order === "desc",
    tieColumns: isCut ? tieColumns(select) : [],
    offset: isCut ? (select.offset ?? 0) : 0,
    limit: isCut ? (select.limit ?? 0) : 0,
    seriesOffset: select.seriesOffset ?? 0,
    seriesLimit: select.seriesLimit ?? 0,
    time: timePrinter(epoch, select.timeZone),
  };
}

/** influxd compares the columns that rows are made of, sorted by name, also those that it computes with. */
function tieColumns({ fields }: Select): readonly number[] {
  const shown = fields.filter(
    ({ expression }) => expression.kind !== "reference" || expression.name !== "time",
  );
  const used = new Map<string, number>();
  shown.forEach(({ expression }, at) => {
    walk(expression, (node) => {
      if (node.kind !== "reference") return;
      const key = `${node.name}\0${node.type ?? ""}`;
      const column = node === expression ? at + 1 : (used.get(key) ?? 0);
      used.set(key, column);
    });
  });
  const columns = [...used].sort(([a], [b]) => compareText(a, b)).map(([, column]) => column);
  const unseen = columns.indexOf(0);
  return unseen < 0 ? columns : columns.slice(0, unseen);
}
