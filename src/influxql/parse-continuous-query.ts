import type { Expression } from "./ast-expression.ts";
import type { CreateContinuousQuery } from "./ast-manage.ts";
import type { Select } from "./ast-select.ts";
import { formatDuration } from "./duration.ts";
import { parseSelect } from "./parse-select.ts";
import type { TokenReader } from "./token-reader.ts";
import { walk } from "./walk.ts";

/** From behind CREATE CONTINUOUS QUERY on. */
export function parseCreateContinuousQuery(reader: TokenReader): CreateContinuousQuery {
  const name = reader.identifier();
  reader.expect("ON");
  const database = reader.identifier();
  const [resampleEvery, resampleFor] = parseResample(reader);
  reader.expect("BEGIN", "SELECT");
  const select = parseSelect(reader, "INTO required");
  const interval = groupByInterval(select);
  if (hasCall(select) && (interval === 0n || typeof interval === "string")) {
    reader.unexpectedLast("GROUP BY time(...)", ...(typeof interval === "string" ? [interval] : []));
  }
  reader.expect("END");
  if (typeof interval === "string") reader.fail(interval);
  checkResample(reader, interval, resampleEvery, resampleFor);
  return { kind: "create-continuous-query", name, database, resampleEvery, resampleFor, select };
}

function parseResample(reader: TokenReader): readonly [bigint | undefined, bigint | undefined] {
  if (!reader.accept("RESAMPLE")) return [undefined, undefined];
  const every = (reader.accept("EVERY") && reader.durationLiteral("duration")) || undefined;
  const until = (reader.accept("FOR") && reader.durationLiteral("duration")) || undefined;
  if (every === undefined && until === undefined) reader.unexpected("EVERY", "FOR");
  return [every, until];
}

function checkResample(
  reader: TokenReader,
  interval: bigint,
  every: bigint | undefined,
  until: bigint | undefined,
): void {
  if (until === undefined) return;
  const least = every !== undefined && every > interval ? every : interval;
  if (least <= until) return;
  const [minimum, got] = [formatDuration(least), formatDuration(until)];
  reader.fail(`FOR duration must be >= GROUP BY time duration: must be a minimum of ${minimum}, got ${got}`);
}

/** Nanoseconds, 0 without; or what is wrong with it. */
function groupByInterval({ groupBy }: Select): bigint | string {
  const isTime = (dimension: Expression) => dimension.kind === "call" && dimension.name === "time";
  const time = groupBy.find(isTime);
  if (time?.kind !== "call") return 0n;
  const [interval] = time.args;
  if (interval === undefined || time.args.length > 2) return "time dimension expected 1 or 2 arguments";
  return interval.kind === "duration" ? interval.nanoseconds : "time dimension must have duration argument";
}

function hasCall({ fields }: Select): boolean {
  let found = false;
  for (const { expression } of fields) {
    walk(expression, (node) => {
      if (node.kind === "call") found = true;
      return !found;
    });
  }
  return found;
}
