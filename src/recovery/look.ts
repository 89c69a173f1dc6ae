import { PIECE_MS } from "./piece-size.ts";
import { type Ask, AT_ONCE, type Share } from "./share.ts";
import { askForSums, type Looked, type Part, type Slice } from "./sums.ts";
import { type Pair, seriesOf } from "./unit.ts";

/** Parts that one question is about, of those that are known to be cheap. */
const MAX_TOGETHER = 50;

/**
 * What the sums of each part say; as {@link askForSums}, and where only a share of the servers' time may be taken in small
 * questions: about several parts that took little time in another window, or about a piece of one.
 */
export async function lookAtSums(pair: Pair, parts: readonly Part[], signal: AbortSignal): Promise<Looked[]> {
  const { share } = pair;
  if (share === undefined) return await askForSums(pair, parts, AT_ONCE, signal);
  const looked: Looked[] = [];
  for (const group of cheapTogether(parts, share)) {
    const [first] = group as [Part];
    if (costOf(share, first) > PIECE_MS) {
      looked.push(await lookInPieces(pair, first, share, signal));
    } else {
      let allMs = 0;
      const ask: Ask = async (question) => {
        const { answer, ms } = await share.timed(question);
        allMs += ms;
        return answer;
      };
      looked.push(...(await askForSums(pair, group, ask, signal)));
      for (const { unit } of group) share.costs.set(seriesOf(unit), allMs / group.length);
    }
  }
  return looked;
}

/** Nothing is known of one that was never looked at: it may be large. */
const costOf = (share: Share, part: Part): number =>
  share.costs.get(seriesOf(part.unit)) ?? Number.POSITIVE_INFINITY;

/** Neighbours that take no longer together than a question should. */
function cheapTogether(parts: readonly Part[], share: Share): Part[][] {
  const groups: Part[][] = [];
  let ms = 0;
  for (const part of parts) {
    const last = groups.at(-1);
    const cost = costOf(share, part);
    ms += cost;
    if (last !== undefined && ms <= PIECE_MS && last.length < MAX_TOGETHER) {
      last.push(part);
    } else {
      groups.push([part]);
      ms = cost;
    }
  }
  return groups;
}

async function lookInPieces(pair: Pair, part: Part, share: Share, signal: AbortSignal): Promise<Looked> {
  const { unit, span } = part;
  const found: Looked[] = [];
  const ms = await share.inPieces(`sums ${seriesOf(unit)}`, span, async (piece, ask) => {
    found.push(...(await askForSums(pair, [{ unit, span: piece }], ask, signal)));
  });
  share.costs.set(seriesOf(unit), ms);
  const sum = (figure: (slice: Slice) => number) => found.reduce((all, { whole }) => all + figure(whole), 0);
  return {
    whole: {
      ...span,
      sourcePoints: sum(({ sourcePoints }) => sourcePoints),
      targetPoints: sum(({ targetPoints }) => targetPoints),
      values: sum(({ values }) => values),
    },
    equal: found.every(({ equal }) => equal),
    slices: found.filter(({ equal }) => !equal).map(({ whole }) => whole),
  };
}
