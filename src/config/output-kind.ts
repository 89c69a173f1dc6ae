import type { OutputConfig } from "./config.ts";
import type { Location } from "./location.ts";
import type { Finding, Keys } from "./problems.ts";
import type { Facts } from "./sound.ts";

/** Where the APIs take writes. */
const V1_PATH = "/write";
const V2_PATH = "/api/v2/write";

interface KindValues {
  readonly location: Location;
  readonly kind: "v1" | "v2";
  readonly org?: string | undefined;
  readonly bucket: string;
  readonly weight: number;
}

/** What depends on the kind of an output. */
export function buildKind(values: KindValues): Pick<OutputConfig, "writePath" | "v2" | "weight"> {
  const { location, kind, org, bucket, weight } = values;
  if (kind === "v1") return { writePath: location.path, v2: undefined, weight };
  const writePath = location.path === V1_PATH ? V2_PATH : location.path;
  return { writePath, v2: { org: org!, bucket }, weight: 0 };
}

export function describeKind({ v2 }: OutputConfig) {
  return v2 === undefined ? ({ kind: "v1" } as const) : ({ kind: "v2", ...v2 } as const);
}

type Output =
  | { readonly [Key in keyof KindValues]?: KindValues[Key] | Partial<KindValues[Key]> | undefined }
  | undefined;

/** What is wrong between an output's kind and its other keys. */
export function checkKind(output: Output, keys: Keys, { given, wrong }: Facts): Finding[] {
  if (wrong([...keys, "kind"])) return [];
  const at = (key: string) => [...keys, key];
  if (output?.kind !== "v2") {
    const useless = ["org", "bucket"].filter((key) => given(at(key)));
    return useless.map((key) => ({ keys: at(key), message: 'needs kind = "v2" beside it' }));
  }
  const found: Finding[] = [];
  const path = (output.location as Partial<Location> | undefined)?.path;
  if (path !== undefined && path !== V1_PATH && !path.endsWith(V2_PATH))
    found.push({
      keys: at("location"),
      message: `must have no path, or end in ${V2_PATH}, with kind = "v2"`,
    });
  if (!given(at("org"))) {
    const message =
      'is missing; kind = "v2" needs it, as InfluxDB 2.x refuses writes without one; what has no organizations ignores it';
    found.push({ keys: at("org"), message });
  }
  if (given(at("weight")) && output.weight !== 0)
    found.push({
      keys: at("weight"),
      message: 'must be left out, or 0: with kind = "v2" it gets no queries',
    });
  return found;
}
