/** Throughput, latency, CPU time and memory of the relay beside what it competes with: `npm run bench -- --help`. */
import { startBackends } from "./backends.ts";
import { startContenders } from "./contenders.ts";
import { type LoadGenerator, startLoad } from "./helpers.ts";
import { measure } from "./measure.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { LEGEND, machine, type Table, toMarkdown, toText } from "./report.ts";

async function run(options: Options): Promise<void> {
  const { format, rounds, seconds, backends } = options;
  const print = (table: Table) => {
    if (format !== "json") console.log(format === "markdown" ? toMarkdown(table) : toText(table));
  };
  if (format !== "json") {
    console.log(`${machine()}\nMedians over ${rounds} rounds of ${seconds} s, by turns. ${LEGEND}\n`);
  }
  const tables: Table[] = [];
  const load = startLoad();
  try {
    for (const name of backends) tables.push(...(await runCases(name, options, load, print)));
  } finally {
    load.close();
  }
  if (format === "json")
    console.log(JSON.stringify({ machine: machine(), rounds, seconds, tables }, null, 2));
}

async function runCases(
  name: Options["backends"][number],
  options: Options,
  load: LoadGenerator,
  print: (table: Table) => void,
): Promise<Table[]> {
  const backends = await startBackends(name, options.given);
  if (backends === undefined) {
    console.error(`No ${name} on this machine: left out.`);
    return [];
  }
  const tables: Table[] = [];
  try {
    for (const caseName of options.cases) {
      const contenders = await startContenders(caseName, backends, options);
      try {
        const rows = await measure(caseName, contenders.list, load, options);
        const table: Table = {
          backends: name,
          backendsTitle: backends.title,
          case: caseName,
          rows,
        };
        print(table);
        tables.push(table);
      } finally {
        await contenders.close();
      }
    }
  } finally {
    await backends.close();
  }
  return tables;
}

function optionsOrUsage(): Options | "help" | undefined {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    console.error(error.message);
    return undefined;
  }
}

const options = optionsOrUsage();
if (options === undefined || options === "help") {
  console.log(USAGE);
  process.exitCode = options === undefined ? 2 : 0;
} else {
  await run(options);
}
