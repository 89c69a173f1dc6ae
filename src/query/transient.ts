import { isAboutServer } from "../backend/server-errors.ts";

/**
 * With several statements InfluxDB replaces the message of one that failed by this, unless it is the last
 * (measured): it may be any that is about the server, or the statement's own fault, which every replica then finds.
 */
const HIDDEN = "not executed";

/**
 * Another replica may answer better. Not so with `query-timeout limit exceeded`: what is too much for one replica is
 * too much for the others, and would keep each of them busy in turn.
 */
export function isTransient(error: string): boolean {
  return error === HIDDEN || isAboutServer(error);
}

/** `"error":"..."` of JSON, also pretty, with the string as it is quoted. */
const JSON_ERROR = /"error": ?("(?:[^"\\]|\\.)*")/g;
/** The same of MessagePack: a fixstr of 5 bytes and the header of a string. Each character is one byte. */
const MSGPACK_ERROR = /\xa5error(?:([\xa0-\xbf])|\xd9(.)|\xda(.)(.))/gs;

/** The errors of statements in the beginning of an answer, in which each character is one byte. */
export function errorsIn(beginning: string): string[] {
  return beginning.charCodeAt(0) < 0x80 ? errorsInJson(beginning) : errorsInMsgpack(beginning);
}

function errorsInJson(text: string): string[] {
  return [...text.matchAll(JSON_ERROR)].flatMap(([, quoted = ""]) => {
    try {
      return [String(JSON.parse(quoted))];
    } catch {
      // Quoted by something that is no JSON encoder: nothing that InfluxDB says.
      return [];
    }
  });
}

function errorsInMsgpack(text: string): string[] {
  return [...text.matchAll(MSGPACK_ERROR)].map((found) => {
    const [whole, short, medium, high, low] = found;
    const length =
      short !== undefined
        ? short.charCodeAt(0) & 0x1f
        : medium !== undefined
          ? medium.charCodeAt(0)
          : ((high as string).charCodeAt(0) << 8) | (low as string).charCodeAt(0);
    const start = found.index + whole.length;
    return text.slice(start, start + length);
  });
}
