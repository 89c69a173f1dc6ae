import type { Context } from "hono";
import { encodingOf, inflate } from "../write/body.ts";
import { survey } from "../write/line-scan.ts";
import { timestampText } from "../write/precision.ts";
import { errorReply } from "../write/reply.ts";
import { stamp } from "../write/stamp.ts";
import { type Consistency, REMOTE_WRITE, type Reply } from "../writer.ts";
import type { Admit } from "./admission.ts";
import type { Answers } from "./answers.ts";
import { bodyRefusal } from "./body-refusal.ts";
import type { AppListener, AppPorts } from "./listener.ts";
import { type Parameters, parseParameters } from "./parameters.ts";
import type { TargetOf } from "./target.ts";

const LEVELS: ReadonlySet<string> = new Set<Consistency>(["any", "one", "quorum", "all"]);

/** What is known of a body that is not read here: it must not be joined with another one. */
const PACKED = { hasLines: true, lines: 0, untimed: false, closed: false };
/** A 5xx: Prometheus drops what is answered with 4xx, and keeps the rest for hours. */
const UNDIVIDED = errorReply(
  501,
  "remote write cannot be divided over shards: send it to a listener without",
);
/** The same: what Prometheus keeps meanwhile reaches all outputs once it is sent elsewhere. */
const UNTRANSLATED = errorReply(
  501,
  'remote write has no form for an output of kind "v2": send it to a listener without, or through Telegraf',
);

/** Makes the handler of a write endpoint; endpoints differ in how a request names its target. */
export type WriteEndpoint = (targetOf: TargetOf) => (c: Context) => Promise<Response>;

/** Takes writes in: checks them in the order in which InfluxDB does, reads, stamps, and hands them to the writer. */
export function createWriteEndpoint(
  listener: AppListener,
  ports: AppPorts,
  answers: Answers,
  admit: Admit,
): WriteEndpoint {
  const { config, counters } = listener;
  const { clock } = ports.platform;

  async function write(c: Context, targetOf: TargetOf): Promise<Reply> {
    counters.writes++;
    const parameters = parseParameters(c.req.url);
    const admission = admit(parameters, c.req.header("authorization"));
    const admitted = admission instanceof Promise ? await admission : admission;
    if (admitted.refusal !== undefined) return admitted.refusal;
    const target = targetOf(parameters);
    if ("refusal" in target) return target.refusal;
    const isPacked = target.precision === REMOTE_WRITE;
    if (isPacked && config.sharding !== undefined) return UNDIVIDED;
    if (isPacked && config.outputs.some(({ v2 }) => v2 !== undefined)) return UNTRANSLATED;
    const taken = isPacked ? await takePacked(c) : await takeBody(c);
    if (!(taken instanceof Uint8Array)) return taken;
    const consistency = consistencyOf(parameters);
    if (consistency === undefined) return errorReply(400, "invalid consistency level");
    const bounds: number[] | undefined = config.sharding && [];
    const { hasLines, lines, untimed, closed } = isPacked ? PACKED : survey(taken, bounds);
    const { db, precision } = target;
    const timed = untimed
      ? stamp(taken, timestampText(listener.stampClock(), precision))
      : { body: taken, lines };
    counters.writeLines += timed.lines;
    return listener.writer(c).post(
      {
        destination: {
          db,
          rp: target.rp === "" ? config.defaultRetentionPolicy : target.rp,
          precision,
          credentials: admitted.credentials,
        },
        body: timed.body,
        lines: timed.lines,
        ...(bounds !== undefined && !untimed && { lineBounds: bounds }),
        hasLines,
        closed,
        source: ports.clientAddress(c),
        keep: "acknowledged",
        consistency,
      },
      listener.signal,
    );
  }

  /** The body as line protocol, or the refusal. */
  async function takeBody(c: Context): Promise<Uint8Array | Reply> {
    const encoding = encodingOf(c.req.header("content-encoding"));
    if (encoding === undefined)
      return errorReply(415, "unsupported Content-Encoding: gzip is what is supported");
    try {
      const bytes = await ports.readBody(c, config.maxBodySize);
      const body = await inflate(bytes, encoding, config.maxBodySize, ports.platform);
      counters.writeBytes += body.byteLength;
      return body;
    } catch (error) {
      return bodyRefusal(error, listener);
    }
  }

  /** A body that is passed on as it is. */
  async function takePacked(c: Context): Promise<Uint8Array | Reply> {
    if (c.req.header("content-encoding")?.trim().toLowerCase() !== "snappy")
      return errorReply(415, "unsupported Content-Encoding: snappy is what is supported");
    try {
      const body = await ports.readBody(c, config.maxBodySize);
      counters.writeBytes += body.byteLength;
      return body;
    } catch (error) {
      return bodyRefusal(error, listener);
    }
  }

  /** The level of this write; undefined if the request asks for one that does not exist. */
  function consistencyOf(parameters: Parameters): Consistency | undefined {
    const level = parameters.get("consistency")?.toLowerCase() ?? "";
    if (level === "") return config.consistency;
    if (!LEVELS.has(level)) return undefined;
    return config.honourConsistency ? (level as Consistency) : config.consistency;
  }

  return (targetOf) => async (c) => {
    const since = clock.monotonic();
    const reply = await write(c, targetOf);
    listener.answers.writes[reply.kind]++;
    listener.answers.writeSeconds.observe((clock.monotonic() - since) / 1_000);
    return answers.reply(c, reply);
  };
}
