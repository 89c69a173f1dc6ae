import type { AuthRule } from "../config/config.ts";
import { type Proof, toBinary } from "./credentials.ts";

/** SHA-256 has this many bytes. */
const DIGEST_BYTES = 32;

/** Tells whether one of a request's proofs fits one of a listener's rules. */
export type Authenticator = (proofs: readonly Proof[]) => Promise<boolean>;

/**
 * Checks proofs in a time that tells nothing about the rules: both sides are hashed, each proof is compared with
 * each rule, and no comparison ends early. `equal` is replaceable so that a test can count.
 */
export function createAuthenticator(
  rules: readonly AuthRule[],
  equal: (a: Uint8Array, b: Uint8Array) => boolean = equalDigests,
): Authenticator {
  // Not a promise: on some runtimes a request must not wait for one that another request made.
  let accepted: readonly Uint8Array[] | undefined;
  return async (proofs) => {
    accepted ??= await Promise.all(rules.map((rule) => digest(proofOf(rule))));
    let found = false;
    for (const presented of await Promise.all(proofs.map(digest))) {
      for (const rule of accepted) found = equal(presented, rule) || found;
    }
    return found;
  };
}

/** Compares two digests without a branch that depends on them. */
export function equalDigests(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < DIGEST_BYTES; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

function proofOf(rule: AuthRule): Proof {
  if ("token" in rule) return { kind: "token", token: toBinary(rule.token.reveal()) };
  return { kind: "password", username: toBinary(rule.username), password: toBinary(rule.password.reveal()) };
}

async function digest(proof: Proof): Promise<Uint8Array> {
  // The length keeps user "a" with password "b:c" apart from user "a:b" with password "c".
  const text =
    proof.kind === "token"
      ? `t${proof.token}`
      : `p${proof.username.length}:${proof.username}${proof.password}`;
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
