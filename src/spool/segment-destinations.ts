import { SpoolError } from "../errors.ts";
import type { Destination } from "../writer.ts";
import type { CredentialSealer } from "./credential-sealer.ts";
import type { EncodedDestination } from "./record.ts";

/** Destinations remembered each way; beyond it the oldest is forgotten. */
const MAX_KNOWN = 1_000;
/** A longer one is not remembered. */
const MAX_KNOWN_BYTES = 4_096;
const NONE = new Uint8Array(0);

/** Destinations as they stand in records, and back: each is turned once, as they are few and records many. */
export class SegmentDestinations {
  readonly #sealer: CredentialSealer | undefined;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  readonly #encoded = new Map<string, EncodedDestination>();
  readonly #decoded = new Map<string, Destination>();
  #last: { readonly encoded: EncodedDestination; readonly destination: Destination } | undefined;

  constructor(sealer: CredentialSealer | undefined) {
    this.#sealer = sealer;
  }

  /** A promise only where credentials are sealed for the first time; it rejects with a SpoolError. */
  encode(destination: Destination): EncodedDestination | Promise<EncodedDestination> {
    const { db, rp, precision, credentials } = destination;
    const key = `${db.length} ${rp.length} ${precision.length} ${credentials === undefined ? "-" : "+"}${db}${rp}${precision}${credentials?.authorization ?? ""}`;
    const known = this.#encoded.get(key);
    if (known !== undefined) return known;
    if (credentials === undefined || this.#sealer === undefined) {
      return this.#encode(destination, key, NONE);
    }
    return this.#sealer.seal(credentials.authorization).then(
      (sealed) => this.#encode(destination, key, sealed),
      (cause: unknown) => {
        throw new SpoolError("io", "credentials cannot be sealed, so the write is not stored", { cause });
      },
    );
  }

  #encode(destination: Destination, key: string, credentials: Uint8Array): EncodedDestination {
    const { db, rp, precision } = destination;
    const parts = [...[db, rp, precision].map((text) => this.#encoder.encode(text)), credentials];
    const lengths = parts.map(({ length }) => length) as [number, number, number, number];
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const encoded = { bytes, lengths, hadCredentials: destination.credentials !== undefined };
    if (key.length <= MAX_KNOWN_BYTES) remember(this.#encoded, key, encoded);
    return encoded;
  }

  /** The destination if it is that of the record before: most are, and need not be waited for. */
  last(encoded: EncodedDestination): Destination | undefined {
    return this.#last !== undefined && isSame(this.#last.encoded, encoded)
      ? this.#last.destination
      : undefined;
  }

  /** @throws {SpoolError} when the credentials cannot be opened */
  async decode(encoded: EncodedDestination): Promise<Destination> {
    const { bytes, lengths } = encoded;
    const key = bytes.length <= MAX_KNOWN_BYTES ? `${lengths} ${String.fromCharCode(...bytes)}` : undefined;
    const destination = (key && this.#decoded.get(key)) || (await this.#decode(encoded));
    if (key !== undefined) {
      remember(this.#decoded, key, destination);
      // A copy: what was given is part of all that was read together with it.
      this.#last = { encoded: { ...encoded, bytes: bytes.slice() }, destination };
    }
    return destination;
  }

  async #decode({ bytes, lengths }: EncodedDestination): Promise<Destination> {
    const [db, rp, precision, credentials] = lengths;
    const text = (start: number, length: number) =>
      this.#decoder.decode(bytes.subarray(start, start + length));
    const sealed = bytes.subarray(db + rp + precision);
    return {
      db: text(0, db),
      rp: text(db, rp),
      precision: text(db + rp, precision),
      credentials: credentials === 0 ? undefined : { authorization: await this.#open(sealed) },
    };
  }

  #open(sealed: Uint8Array): Promise<string> {
    if (this.#sealer === undefined) {
      throw new SpoolError(
        "io",
        "stored writes carry credentials, but store-credentials is off: put it back on, with its key, until they are delivered",
      );
    }
    return this.#sealer.open(sealed);
  }
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  if (known.size >= MAX_KNOWN && !known.has(key)) known.delete(known.keys().next().value as string);
  known.set(key, value);
}

function isSame(a: EncodedDestination, b: EncodedDestination): boolean {
  return (
    a.bytes.length === b.bytes.length &&
    a.lengths.every((length, index) => length === b.lengths[index]) &&
    a.bytes.every((byte, index) => byte === b.bytes[index])
  );
}
