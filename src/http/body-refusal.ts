import { BodyError, GunzipError } from "../errors.ts";
import { errorReply } from "../write/reply.ts";
import type { Reply } from "../writer.ts";
import type { AppListener } from "./listener.ts";

/** What a client is told whose body cannot be read; counted and logged. Rethrows what is no such error. */
export function bodyRefusal(error: unknown, { config, counters, log }: AppListener): Reply {
  if (error instanceof BodyError && error.reason === "aborted") {
    counters.aborted++;
    log.throttled("info", "client-gone", { listener: config.name });
    return errorReply(400, "unexpected EOF");
  }
  if (error instanceof BodyError || (error instanceof GunzipError && error.tooLarge)) {
    counters.tooLarge++;
    log.throttled("warn", "body-too-large", { listener: config.name, limit: config.maxBodySize });
    return errorReply(413, "Request Entity Too Large");
  }
  if (error instanceof GunzipError) return errorReply(400, error.message);
  throw error;
}
