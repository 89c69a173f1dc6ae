import { GunzipError } from "../../src/errors.ts";

/**
 * What zlib says of gzip data in the words of Go's compress/gzip, which are InfluxDB's. zlib has one code for all
 * damage; which it is, only its (fixed) words tell.
 */
export function toGunzipError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  switch (error.code) {
    case "ERR_BUFFER_TOO_LARGE":
      return new GunzipError("inflates to more than is allowed", true);
    case "Z_BUF_ERROR":
      return new GunzipError("unexpected EOF", false);
    case "Z_DATA_ERROR":
      return new GunzipError(damage(error.message), false);
    default:
      return error;
  }
}

function damage(message: string): string {
  if (/data check|length check/.test(message)) return "gzip: invalid checksum";
  if (/header|compression method/.test(message)) return "gzip: invalid header";
  return "flate: corrupt input";
}
