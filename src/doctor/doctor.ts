import type { Config } from "../config/config.ts";
import { warnings } from "../config/warnings.ts";
import type { Platform } from "../platform.ts";
import { type NamedOutput, namedOutputs } from "../relay/replicas.ts";
import type { Finding } from "./finding.ts";
import { compareReplicas } from "./replicas-check.ts";
import { type Examined, examineServer } from "./server-check.ts";

/** Servers that are asked at a time. */
const AT_A_TIME = 8;

/** Looks at every server that a config names, and says what to do about what is wrong. Changes nothing. */
export async function diagnose(config: Config, platform: Platform): Promise<Finding[]> {
  const outputs = namedOutputs(config);
  const examined = new Map<string, Examined>();
  const examineAll = (which: readonly NamedOutput[]) => {
    const left = [...which];
    const examine = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift())
        examined.set(next.output.name, await examineServer(next.output, platform, databasesBeside(next)));
    };
    return Promise.all(Array.from({ length: AT_A_TIME }, examine));
  };
  const databasesBeside = ({ sets }: NamedOutput) => {
    const beside = [...outputs].filter(([, output]) => [...output.sets].some((set) => sets.has(set)));
    return [...new Set(beside.flatMap(([name]) => [...(examined.get(name)?.databases?.keys() ?? [])]))];
  };
  const isV2 = ({ output }: NamedOutput) => output.v2 !== undefined;
  await examineAll([...outputs.values()].filter((output) => !isV2(output)));
  // What is only written to is asked about the databases of its replicas.
  await examineAll([...outputs.values()].filter(isV2));
  return [
    ...warnings(config).map(
      (message) => ({ level: "warning", subject: "config", check: "config", message }) as const,
    ),
    ...[...outputs.keys()].flatMap((name) => examined.get(name)?.findings ?? []),
    ...replicasOf(outputs).flatMap((names) =>
      compareReplicas(names.flatMap((name) => examined.get(name) ?? [])),
    ),
  ];
}

/** The names of those that hold the same data, each set once. */
function replicasOf(outputs: ReadonlyMap<string, NamedOutput>): string[][] {
  const members = new Map<string, string[]>();
  for (const [name, { sets }] of outputs)
    for (const set of sets) members.set(set, [...(members.get(set) ?? []), name]);
  return [...new Map([...members.values()].map((names) => [names.join("\0"), names])).values()];
}
