import type { Context } from "hono";
import { BodyError, GunzipError } from "../errors.ts";
import { encodingOf, inflate } from "../write/body.ts";
import { survey } from "../write/line-scan.ts";
import { timestampText } from "../write/precision.ts";
import { errorReply } from "../write/reply.ts";
import { stamp } from "../write/stamp.ts";
import type { Consistency, Reply } from "../writer.ts";
import type { Admit } from "./admission.ts";
import type { Answers } from "./answers.ts";
import type { AppListener, AppPorts } from "./listener.ts";
import { type Parameters, parseParameters } from "./parameters.ts";
import type { TargetOf } from "./target.ts";

const LEVELS: ReadonlySet<string> = new Set<Consistency>(["any", "one", "quorum", "all"]);

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

  async function write(c: Context, targetOf: TargetOf): Promise<Reply> {
    counters.writes++;
    const parameters = parseParameters(c.req.url);
    const admission = admit(parameters, c.req.header("authorization"));
    const admitted = admission instanceof Promise ? await admission : admission;
    if (admitted.refusal !== undefined) return admitted.refusal;
    const target = targetOf(parameters);
    if ("refusal" in target) return target.refusal;
    const taken = await takeBody(c);
    if (!(taken instanceof Uint8Array)) return taken;
    const consistency = consistencyOf(parameters);
    if (consistency === undefined) return errorReply(400, "invalid consistency level");
    const bounds: number[] | undefined = config.sharding && [];
    const { hasLines, untimed, closed } = survey(taken, bounds);
    const { db, precision } = target;
    return listener.writer(c).post(
      {
        destination: {
          db,
          rp: target.rp === "" ? config.defaultRetentionPolicy : target.rp,
          precision,
          credentials: admitted.credentials,
        },
        body: untimed ? stamp(taken, timestampText(listener.stampClock(), precision)) : taken,
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
      return bodyRefusal(error);
    }
  }

  function bodyRefusal(error: unknown): Reply {
    if (error instanceof BodyError && error.reason === "aborted") {
      counters.aborted++;
      listener.log.throttled("info", "client-gone", { listener: config.name });
      return errorReply(400, "unexpected EOF");
    }
    if (error instanceof BodyError || (error instanceof GunzipError && error.tooLarge)) {
      counters.tooLarge++;
      listener.log.throttled("warn", "body-too-large", { listener: config.name, limit: config.maxBodySize });
      return errorReply(413, "Request Entity Too Large");
    }
    if (error instanceof GunzipError) return errorReply(400, error.message);
    throw error;
  }

  /** The level of this write; undefined if the request asks for one that does not exist. */
  function consistencyOf(parameters: Parameters): Consistency | undefined {
    const level = parameters.get("consistency")?.toLowerCase() ?? "";
    if (level === "") return config.consistency;
    if (!LEVELS.has(level)) return undefined;
    return config.honourConsistency ? (level as Consistency) : config.consistency;
  }

  return (targetOf) => async (c) => answers.reply(c, await write(c, targetOf));
}
