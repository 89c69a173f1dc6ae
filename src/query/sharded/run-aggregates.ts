import type { MergeAggregates } from "./plan.ts";
import type { RunContext, Running } from "./run-context.ts";
import { StatementError } from "./shard-answer.ts";

export async function* runAggregates(plan: MergeAggregates, context: RunContext): Running {
  throw new StatementError(`not yet ${plan.kind} ${context.db}`);
}
