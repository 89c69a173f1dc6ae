import { CUSTOMERS, DATABASE } from "./data-set.ts";
import type { Dice } from "./dice.ts";

/** What may be asked of a source: its columns by type. */
export interface Shape {
  readonly floats: readonly string[];
  readonly integers: readonly string[];
  readonly strings: Readonly<Record<string, readonly string[]>>;
  readonly booleans: readonly string[];
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

export interface Measured extends Shape {
  readonly name: string;
}

export interface World {
  readonly db: string;
  readonly measurements: readonly [Measured, ...Measured[]];
}

const customer_id: readonly string[] = ["acme", ...CUSTOMERS, "", "nobody"];
const host = ["h1", "h2", "h3", "h9"];
const region = ["eu", "us", "", "asia"];

const MEASUREMENTS: readonly [Measured, ...Measured[]] = [
  {
    name: "orders",
    floats: ["amount"],
    integers: ["qty"],
    strings: { ref: ["R-10", "R-20", ""] },
    booleans: ["paid"],
    tags: { customer_id, region, product: ["apple", "pear, ripe=1", "Äpfel"] },
  },
  {
    name: "cpu",
    floats: ["usage_idle", "usage_user"],
    integers: ["n"],
    strings: { note: ["step 0, h1", "none"] },
    booleans: ["up"],
    tags: { customer_id, host, region },
  },
  {
    name: "disk",
    floats: ["used_percent"],
    integers: ["reads", "used", "free"],
    strings: {},
    booleans: [],
    tags: { customer_id, host, path: ["/", "/var/log", "C:\\Data"] },
  },
  {
    name: "logs",
    floats: [],
    integers: ["line"],
    strings: { msg: ["plain", "", "back\\slash", "it's", "two\nlines\tand a tab"] },
    booleans: [],
    tags: { customer_id, level: ["info", "err or"], Größe: ["s0", "s1"] },
  },
  {
    name: 'we,ird "m"',
    floats: ["value", "dotted.name"],
    integers: ["field with space"],
    strings: { from: ["f1", "f2"] },
    booleans: ['"q"'],
    tags: { customer_id, "tag key": ["v 0", "v 1"], order: ["by", ""] },
  },
  {
    name: "events",
    floats: [],
    integers: [],
    strings: { type: ["deploy", "alert"] },
    booleans: ["ok"],
    tags: { customer_id },
  },
  { name: "extremes", floats: ["f"], integers: ["i"], strings: {}, booleans: [], tags: { customer_id } },
];

export const DATA_SET: World = { db: DATABASE, measurements: MEASUREMENTS };

/** Names of the measurement; they are of the same points. */
export function sourceOf(dice: Dice, db: string, { name: own }: Measured): string {
  const quoted = name(dice, own);
  return dice.pick([
    quoted,
    quoted,
    quoted,
    `autogen.${quoted}`,
    `${db}..${quoted}`,
    `"${db}"."autogen".${quoted}`,
  ]);
}

/** As an identifier, with quotes if it needs them, and sometimes if not. */
export function name(dice: Dice, text: string): string {
  const bare = /^[a-z_][a-z0-9_]*$/i.test(text) && !KEYWORDS.has(text);
  return bare && !dice.once(3) ? text : `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

export const string = (text: string) => `'${text.replace(/['\\]/g, "\\$&").replaceAll("\n", "\\n")}'`;

/** Of the names above. */
const KEYWORDS: ReadonlySet<string> = new Set(["from", "order"]);

/** `SELECT` and so on may be written in any case, and with any space and comments between words. */
export function spread(dice: Dice, text: string): string {
  return text.replace(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\b[A-Z]{2,}\b| +/g, (word, at: number) => {
    if (!word.startsWith(" ")) return /^[A-Z]/.test(word) && dice.once(6) ? word.toLowerCase() : word;
    if (!dice.once(12)) return " ";
    // Elsewhere InfluxDB takes the comment for a regular expression, or does not find the one behind it.
    const before = /(?:\b(?:WHERE|AND|OR|LIMIT|OFFSET|ORDER)|[=<>+*])$/.test(text.slice(0, at));
    const comments = before ? [" /* ; */ "] : [];
    if (text[at + word.length] !== "/") comments.push(' -- it\'s "so"\n');
    return dice.pick([" ", "  ", "\n", "\t", " \r\n ", ...comments]);
  });
}
