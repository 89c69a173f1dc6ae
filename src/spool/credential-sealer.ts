import { SpoolError } from "../errors.ts";

/** The first byte of what is sealed. */
const VERSION = 1;
/** The size of an initialisation vector that AES-GCM takes as it is (NIST SP 800-38D, section 8.2). */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Bound to each sealed text, so that nothing sealed for another purpose or in another form opens as credentials. */
const PURPOSE = new TextEncoder().encode(`influxdb-relay spool credentials v${VERSION}`);
/** Results remembered each way: as many clients' credentials are in use at a time; beyond it the oldest goes. */
const MAX_CACHED = 1_000;

/** Turns credentials of clients into bytes that may be stored, and back. */
export interface CredentialSealer {
  /** The bytes for the value of an Authorization header; the same ones for the same text while they are remembered. */
  seal(authorization: string): Promise<Uint8Array>;
  /** @throws {SpoolError} when the bytes were sealed with another key, are damaged, or come from a newer relay. */
  open(sealed: Uint8Array): Promise<string>;
}

/**
 * Seals with AES-256-GCM, under a fresh random initialisation vector for each text.
 * @param bytes 32 random bytes.
 */
export async function createCredentialSealer(bytes: Uint8Array): Promise<CredentialSealer> {
  if (bytes.byteLength !== 32) throw new RangeError("the key for credentials must have 32 bytes");
  const key = await crypto.subtle.importKey("raw", plain(bytes), "AES-GCM", false, ["encrypt", "decrypt"]);
  const sealing = new Map<string, Promise<Uint8Array>>();
  const opening = new Map<string, Promise<string>>();

  return {
    seal: (authorization) => remembered(sealing, authorization, () => seal(key, authorization)),
    open: (sealed) => remembered(opening, String.fromCharCode(...sealed), () => open(key, sealed)),
  };
}

async function seal(key: CryptoKey, authorization: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const text = new TextEncoder().encode(authorization);
  const sealed = await crypto.subtle.encrypt(algorithm(iv), key, text);
  const whole = new Uint8Array(1 + IV_BYTES + sealed.byteLength);
  whole[0] = VERSION;
  whole.set(iv, 1);
  whole.set(new Uint8Array(sealed), 1 + IV_BYTES);
  return whole;
}

async function open(key: CryptoKey, sealed: Uint8Array): Promise<string> {
  if (sealed.byteLength < 1 + IV_BYTES + TAG_BYTES) throw notOpened();
  if (sealed[0] !== VERSION) {
    throw new SpoolError(
      "version",
      "stored credentials have a form that this version of the relay does not know",
    );
  }
  const iv = plain(sealed.subarray(1, 1 + IV_BYTES));
  try {
    const text = await crypto.subtle.decrypt(algorithm(iv), key, plain(sealed.subarray(1 + IV_BYTES)));
    return new TextDecoder().decode(text);
  } catch (cause) {
    throw notOpened({ cause });
  }
}

function algorithm(iv: Uint8Array<ArrayBuffer>) {
  return { name: "AES-GCM", iv, additionalData: PURPOSE, tagLength: TAG_BYTES * 8 };
}

function notOpened(options?: ErrorOptions): SpoolError {
  return new SpoolError(
    "io",
    "stored credentials cannot be opened: credentials-key is not the key they were sealed with (put the old key " +
      "back until the backlog is delivered), or they are damaged",
    options,
  );
}

/** A copy whose memory is certainly not shared, which is what Web Crypto takes. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** The result for `key`, found once: also by those that ask while it is being found. A failure is not remembered. */
function remembered<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  found.catch(() => known.delete(key));
  if (known.size >= MAX_CACHED) known.delete(known.keys().next().value as string);
  known.set(key, found);
  return found;
}
