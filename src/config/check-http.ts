import { isLoopback } from "./address.ts";
import { checkShards } from "./check-shards.ts";
import { outputNames, repeatedNames } from "./names.ts";
import { checkKind } from "./output-kind.ts";
import { type Finding, formatKeys, type Keys } from "./problems.ts";
import { OUTPUTS } from "./schema.ts";
import type { Facts, SoundHttp } from "./sound.ts";

const CREDENTIALS = ["username", "password", "token"];

/** What is wrong between the keys of one `[[http]]` entry. */
export function checkHttp(entry: SoundHttp, keys: Keys, facts: Facts): Finding[] {
  const sets = outputSets(entry, keys);
  return [
    ...checkOutputs(keys, facts),
    ...checkShards(entry, keys, facts),
    ...repeatedNames(
      sets.flatMap((set) => outputNames(set.outputs, set.keys, facts, (location) => location.hostPort)),
      "the listener's outputs",
    ),
    ...sets.flatMap((set) =>
      set.outputs.flatMap((output, index) => {
        const at = [...set.keys, "output", index];
        return [
          ...checkKind(output, at, facts),
          ...checkCredentials(at, facts),
          ...checkTls(output?.location?.origin, at, facts),
        ];
      }),
    ),
    ...checkAuth(entry, keys, facts),
  ];
}

/** The outputs of a listener, or of each of its shards. */
function outputSets({ output = [], shard = [] }: SoundHttp, keys: Keys) {
  return [
    { keys, outputs: output },
    ...shard.map((entry, index) => ({ keys: [...keys, "shard", index], outputs: entry?.output ?? [] })),
  ];
}

function checkOutputs(keys: Keys, { given }: Facts): Finding[] {
  const [output, shard] = [given([...keys, "output"]), given([...keys, "shard"])];
  if (output && shard) return [{ keys, message: "must have output or [[http.shard]] entries, not both" }];
  if (output || shard) return [];
  const message = `is missing; it must be ${OUTPUTS}, unless there are [[http.shard]] entries`;
  return [{ keys: [...keys, "output"], message }];
}

function checkAuth(entry: SoundHttp, keys: Keys, facts: Facts): Finding[] {
  if (Array.isArray(entry.auth)) {
    return entry.auth.flatMap((_, index) => {
      const at = [...keys, "auth", index];
      if (hasCredentials(at, facts)) return checkCredentials(at, facts);
      return [{ keys: at, message: "must hold username and password, or token" }];
    });
  }
  const address = entry["bind-addr"];
  if (facts.given([...keys, "auth"]) || address === undefined || isLoopback(address.host)) return [];
  const owner = outputSets(entry, keys)
    .flatMap((set) => set.outputs.map((_, index) => [...set.keys, "output", index]))
    .find((output) => hasCredentials(output, facts));
  if (owner === undefined) return [];
  return [
    {
      keys: [...keys, "auth"],
      message:
        `is missing: ${formatKeys(owner)} has credentials of its own, and whoever reaches this ` +
        'listener, which is not on a loopback address, could use them; set auth, or auth = "none" to allow it',
    },
  ];
}

function hasCredentials(keys: Keys, { given }: Facts): boolean {
  return CREDENTIALS.some((key) => given([...keys, key]));
}

/** A user name goes with a password, and neither with a token. */
function checkCredentials(keys: Keys, { given }: Facts): Finding[] {
  const [username, password, token] = CREDENTIALS.map((key) => given([...keys, key]));
  if (token && (username || password)) {
    return [
      {
        keys: [...keys, "token"],
        message: "must not stand beside username or password: use one or the other",
      },
    ];
  }
  if (username && !password) return [{ keys: [...keys, "username"], message: "needs a password beside it" }];
  if (password && !username) return [{ keys: [...keys, "password"], message: "needs a username beside it" }];
  return [];
}

function checkTls(origin: string | undefined, keys: Keys, { given }: Facts): Finding[] {
  const [cert, key] = [given([...keys, "cert"]), given([...keys, "key"])];
  const findings: Finding[] = [];
  if (cert && !key) findings.push({ keys: [...keys, "cert"], message: "needs a key beside it" });
  if (key && !cert) findings.push({ keys: [...keys, "key"], message: "needs a cert beside it" });
  if (!origin?.startsWith("http:")) return findings;
  const useless = ["ca", "cert", "key"].filter((option) => given([...keys, option]));
  return [
    ...findings,
    ...useless.map((option) => ({
      keys: [...keys, option],
      message: "has no effect with an http:// location; use https://",
    })),
  ];
}
