import { parseArgs } from "node:util";

export const CASES = ["single-1", "single-64", "batch-8", "hung"] as const;
export type CaseName = (typeof CASES)[number];
export const BACKENDS = ["influxdb", "sinks", "given"] as const;
export type BackendsName = (typeof BACKENDS)[number];

/** A server that runs already. */
export interface Given {
  readonly name: string;
  readonly url: URL;
  readonly pid: number | undefined;
}

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly cases: readonly CaseName[];
  readonly backends: readonly BackendsName[];
  /** Other relays to measure beside ours. */
  readonly also: readonly Given[];
  /** Two InfluxDBs that run already. */
  readonly given: readonly Given[];
  /** The relay writes CPU profiles here. */
  readonly profile: string | undefined;
  readonly format: "text" | "markdown" | "json";
}

export const USAGE = `Usage: npm run bench -- [OPTION]...
  --rounds N             rounds; the figures are medians over them (5)
  --seconds S            counted time of one measurement (4), after a quarter of it to warm up
  --case NAME            ${CASES.join(", ")}; may be repeated (all)
  --backends NAME        ${BACKENDS.join(", ")}; may be repeated (influxdb if installed, and sinks; given if given)
  --backend URL[,PID]    an InfluxDB that runs already and has a database bench; twice, for --backends given
  --also NAME=URL[,PID]  another relay to measure in the same rounds
  --profile DIR          have the relay write CPU profiles to DIR
  --markdown, --json     other forms of output`;

/** @throws {TypeError | RangeError} with what is wrong. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "4" },
      case: { type: "string", multiple: true, default: [...CASES] },
      backends: { type: "string", multiple: true, default: [] },
      backend: { type: "string", multiple: true, default: [] },
      also: { type: "string", multiple: true, default: [] },
      profile: { type: "string" },
      markdown: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const given = values.backend.map((text, i) => parseGiven(`backend ${i + 1}`, text));
  if (given.length !== 0 && given.length !== 2) throw new RangeError("--backend must be given twice");
  const usual: BackendsName[] = given.length === 0 ? ["influxdb", "sinks"] : ["given"];
  const backends = values.backends.map((name) => oneOf(BACKENDS, "--backends", name));
  if (backends.includes("given") && given.length === 0)
    throw new RangeError("--backends given needs --backend");
  return {
    rounds: Math.ceil(positive("--rounds", values.rounds)),
    seconds: positive("--seconds", values.seconds),
    cases: values.case.map((name) => oneOf(CASES, "--case", name)),
    backends: backends.length === 0 ? usual : backends,
    also: values.also.map((text) => {
      const equals = text.indexOf("=");
      return parseGiven(text.slice(0, equals), text.slice(equals + 1));
    }),
    given,
    profile: values.profile,
    format: values.json ? "json" : values.markdown ? "markdown" : "text",
  };
}

function parseGiven(name: string, text: string): Given {
  const [url = "", pid] = text.split(",", 2);
  if (!URL.canParse(url)) throw new RangeError(`${name}: no URL: ${url}`);
  return { name, url: new URL(url), pid: pid === undefined ? undefined : positive(`${name}: PID`, pid) };
}

function oneOf<T extends string>(allowed: readonly T[], option: string, value: string): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new RangeError(`${option}: one of ${allowed.join(", ")}, not ${value}`);
  return found;
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new RangeError(`${option}: a positive number, not ${value}`);
  return number;
}
