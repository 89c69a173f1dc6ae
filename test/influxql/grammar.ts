import { type Dice, decided } from "./dice.ts";
import { DATA_SET, name, type Shape, sourceOf, spread, type World } from "./grammar-shape.ts";
import { arithmetic, condition, REGEXES, some, where } from "./grammar-where.ts";

/** One reading statement over the data set, that InfluxDB can parse; it may refuse to execute it. */
export const anyReading = decided((dice) => spread(dice, dice.once(5) ? show(dice) : select(dice, DATA_SET)));

/** A query, and what a query around it may ask of its columns. */
interface Query extends Shape {
  readonly text: string;
}

/** `into` is what stands in front of FROM. */
export function select(dice: Dice, world: World, into = ""): string {
  return `${query(dice, world, 2, false, into).text}${dice.once(12) ? ` tz('${dice.pick(["UTC", "America/New_York", "Asia/Kolkata"])}')` : ""}`;
}

function query(dice: Dice, world: World, depth: number, inner: boolean, into = ""): Query {
  const [source, shape] = from(dice, world, depth);
  const raw = dice.once(3) || fields(shape).length === 0;
  const perTime = !raw && dice.once(2);
  const columns = raw ? rawColumns(dice, shape, inner) : aggregates(dice, shape, perTime, inner);
  const tags = Object.keys(shape.tags);
  const grouped = tags.length > 0 && dice.once(2) ? dice.some(some(tags), 3) : [];
  const text = [
    `SELECT ${columns.map(({ text }) => text).join(dice.pick([", ", ","]))}${into} FROM ${source}`,
    where(dice, shape, perTime),
    groupBy(dice, grouped, perTime, inner),
    perTime && dice.once(2)
      ? ` fill(${dice.pick(["none", "null", "0", "previous", "linear", "-1", "2.5"])})`
      : "",
    inner ? "" : dice.pick(["", "", "", " ORDER BY time", " ORDER BY time DESC", " ORDER BY DESC"]),
    limits(dice, inner),
  ].join("");
  const named = (type: Column["type"]) =>
    columns.filter((column) => column.type === type).map(({ alias }) => alias);
  return {
    text,
    floats: named("number"),
    integers: [],
    strings: Object.fromEntries(named("string").map((alias) => [alias, ["R-10", "plain", "deploy", ""]])),
    booleans: named("boolean"),
    tags: Object.fromEntries(grouped.map((tag) => [tag, shape.tags[tag] ?? []])),
  };
}

function from(dice: Dice, world: World, depth: number): [source: string, Shape] {
  if (depth > 0 && dice.once(4)) {
    const { text, ...shape } = query(dice, world, depth - 1, true);
    return [`(${text})`, shape];
  }
  const measured = dice.pick(world.measurements);
  switch (dice.upTo(15)) {
    case 14:
      return [
        `${sourceOf(dice, world.db, measured)}, ${sourceOf(dice, world.db, dice.pick(world.measurements))}`,
        measured,
      ];
    case 15:
      return [`/^${measured.name.slice(0, 2)}/`, measured];
    default:
      return [sourceOf(dice, world.db, measured), measured];
  }
}

interface Column {
  readonly text: string;
  /** What it is called from outside; only of an inner query. */
  readonly alias: string;
  readonly type: "number" | "string" | "boolean";
}

const numbers = ({ floats, integers }: Shape) => [...floats, ...integers];
const fields = (shape: Shape) => [...numbers(shape), ...Object.keys(shape.strings), ...shape.booleans];

function typeOf(shape: Shape, field: string): Column["type"] {
  if (shape.booleans.includes(field)) return "boolean";
  return field in shape.strings ? "string" : "number";
}

/** Inner columns have names, as their query must be able to tell. */
function column(dice: Dice, text: string, type: Column["type"], at: number, inner: boolean): Column {
  const alias = `c${at}`;
  const called =
    inner || dice.once(6)
      ? ` ${dice.pick(["AS", "as"])} ${name(dice, inner ? alias : dice.pick([alias, "the column", "größer", "limit_"]))}`
      : "";
  return { text: text + called, alias, type };
}

function rawColumns(dice: Dice, shape: Shape, inner: boolean): Column[] {
  if (!inner && dice.once(6))
    return [{ text: dice.pick(["*", "*::field", "/./"]), alias: "", type: "number" }];
  const all = [...fields(shape), ...(inner ? [] : Object.keys(shape.tags))];
  if (all.length === 0) return [column(dice, "*", "number", 0, false)];
  const chosen = dice.some(some([...fields(shape).slice(0, 1), ...all]), 3).map((field, at) => {
    const reference = name(dice, field);
    const cast =
      field in shape.tags ? "::tag" : dice.pick(["::field", "::field", "::float", "::integer", "::string"]);
    return column(dice, dice.once(8) ? reference + cast : reference, typeOf(shape, field), at, inner);
  });
  if (numbers(shape).length > 0 && dice.once(3)) {
    chosen.push(column(dice, arithmetic(dice, shape, 2), "number", 9, inner));
  }
  return chosen;
}

function aggregates(dice: Dice, shape: Shape, perTime: boolean, inner: boolean): Column[] {
  if (!inner && dice.once(12)) {
    return [
      {
        text: dice.pick(["count(*)", "mean(*)", "last(*)", "max(/./)", "sum(/a/)"]),
        alias: "",
        type: "number",
      },
    ];
  }
  if (dice.once(8)) return alone(dice, shape, inner);
  const count = 1 + dice.upTo(2);
  return Array.from({ length: count }, (_, at) => {
    const { text, type } = aggregate(dice, shape);
    const combined =
      type === "number" && dice.once(5)
        ? `${text} ${dice.pick(["+", "-", "*", "/"])} ${dice.pick(["2", "1.5", text])}`
        : text;
    return column(
      dice,
      type === "number" && dice.once(9) ? transformed(dice, text, perTime) : combined,
      type,
      at,
      inner,
    );
  });
}

function aggregate(dice: Dice, shape: Shape): Pick<Column, "text" | "type"> {
  const field = dice.pick(some([...numbers(shape), ...fields(shape)]));
  const reference = name(dice, field);
  const type = typeOf(shape, field);
  const counted = {
    text: dice.pick([`count(${reference})`, `count(distinct(${reference}))`]),
    type: "number",
  } as const;
  if (type !== "number") {
    return dice.once(2) ? counted : { text: `${dice.pick(["first", "last", "mode"])}(${reference})`, type };
  }
  const call = dice.pick([
    "mean",
    "sum",
    "max",
    "min",
    "first",
    "last",
    "median",
    "spread",
    "stddev",
    "mode",
    "percentile",
    "count",
  ]);
  if (call === "count") return counted;
  if (call === "percentile")
    return { text: `percentile(${reference}, ${dice.pick(["50", "95", "99.9"])})`, type };
  return { text: `${dice.once(8) ? call.toUpperCase() : call}(${reference})`, type };
}

/** Most of these over an aggregate want GROUP BY time. */
function transformed(dice: Dice, text: string, perTime: boolean): string {
  if (!perTime) return dice.pick([`round(${text})`, `abs(${text})`]);
  return dice.pick([
    `derivative(${text}, 1h)`,
    `non_negative_derivative(${text}, 1m30s)`,
    `difference(${text})`,
    `cumulative_sum(${text})`,
    `moving_average(${text}, 2)`,
    `elapsed(${text}, 1s)`,
    `sqrt(${text})`,
  ]);
}

/** Functions that stand alone, or beside tags; not integral(), whose series InfluxDB gives in any order. */
function alone(dice: Dice, shape: Shape, inner: boolean): Column[] {
  const field = dice.pick(some(fields(shape)));
  const reference = name(dice, field);
  const type = typeOf(shape, field);
  const tag = Object.keys(shape.tags)[0];
  if (type !== "number")
    return [column(dice, dice.pick([`distinct(${reference})`, `DISTINCT ${reference}`]), type, 0, inner)];
  const text = dice.pick([
    `max(${reference})`,
    `top(${reference}, 3)`,
    `bottom(${reference}, ${tag === undefined ? "" : `${name(dice, tag)}, `}2)`,
    `distinct(${reference})`,
    `derivative(${reference}, 1h)`,
    `cumulative_sum(${reference})`,
  ]);
  const selector = column(dice, text, type, 0, inner);
  return /^(max|top)/.test(text) && tag !== undefined && !inner
    ? [selector, column(dice, name(dice, tag), "string", 1, inner)]
    : [selector];
}

function groupBy(dice: Dice, tags: readonly string[], perTime: boolean, inner: boolean): string {
  const names = tags.map((tag) => name(dice, tag));
  const other = inner || perTime || !dice.once(8) ? [] : [dice.pick(["*", "/cust/", "/^(host|region)$/"])];
  const time = `time(${dice.pick(["1h", "6h", "1d", "90m", "7h30m", "12h, 2h", "1d,-3h", "1w"])})`;
  const dimensions = perTime
    ? dice.pick([
        [...names, time],
        [time, ...names],
      ])
    : [...names, ...other];
  return dimensions.length === 0 ? "" : ` GROUP BY ${dimensions.join(", ")}`;
}

function limits(dice: Dice, inner: boolean): string {
  const limit = dice.once(3) ? ` LIMIT ${1 + dice.upTo(9)}` : "";
  const offset = dice.once(6) ? ` OFFSET ${dice.upTo(4)}` : "";
  const series =
    !inner && dice.once(8) ? ` SLIMIT ${1 + dice.upTo(2)}${dice.once(2) ? " SOFFSET 1" : ""}` : "";
  return limit + offset + series;
}

function show(dice: Dice): string {
  const measured = dice.pick(DATA_SET.measurements);
  const on = dice.once(4) ? ` ON ${dice.pick(["tele", '"tele"', "other"])}` : "";
  const sources = dice.pick([
    "",
    ` FROM ${name(dice, measured.name)}`,
    ` FROM ${name(dice, measured.name)}, cpu`,
    " FROM /^[co]/",
  ]);
  const tags = { floats: [], integers: [], strings: {}, booleans: [], tags: measured.tags };
  const filter = dice.once(2) ? ` WHERE ${condition(dice, tags, 2)}` : "";
  const cut = `${dice.once(3) ? ` LIMIT ${1 + dice.upTo(4)}` : ""}${dice.once(5) ? ` OFFSET ${dice.upTo(3)}` : ""}`;
  const order = dice.once(6) ? ` ORDER BY ${dice.pick(["time", "time DESC", "ASC"])}` : "";
  const exact = dice.pick(["EXACT ", ""]);
  const key = dice.pick([
    `= ${name(dice, dice.pick(some(Object.keys(measured.tags))))}`,
    `!= host`,
    `IN (customer_id, ${name(dice, dice.pick(some(Object.keys(measured.tags))))})`,
    `=~ ${dice.pick(REGEXES)}`,
    `!~ /^c/`,
  ]);
  return dice.pick([
    `SHOW MEASUREMENTS${on}${dice.pick(["", " WITH MEASUREMENT = cpu", " WITH MEASUREMENT =~ /c/"])}${filter}${order}${cut}`,
    `SHOW SERIES${on}${sources}${filter}${order}${cut}`,
    `SHOW TAG KEYS${on}${sources}${filter}${order}${cut}`,
    `SHOW TAG VALUES${on}${sources} WITH KEY ${key}${filter}${order}${cut}`,
    `SHOW FIELD KEYS${on}${sources}${order}${cut}`,
    `SHOW SERIES ${exact}CARDINALITY${on}${sources}${filter}`,
    `SHOW MEASUREMENT ${exact}CARDINALITY${on}${filter}`,
    `SHOW TAG KEY ${exact}CARDINALITY${on}${sources}${filter}`,
    `SHOW TAG VALUES ${exact}CARDINALITY${on}${sources} WITH KEY ${key}${filter}`,
    `SHOW FIELD KEY ${exact}CARDINALITY${on}${sources}`,
    `SHOW RETENTION POLICIES${on}`,
    "SHOW DATABASES",
  ]);
}
