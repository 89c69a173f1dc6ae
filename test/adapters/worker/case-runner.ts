import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { parse } from "smol-toml";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(dirname(dirname(HERE)));

/** Cases that run within a Durable Object in workerd. */
export interface CaseRunner {
  /** Names, in their order. */
  readonly cases: readonly string[];
  /** Runs one in an object with an empty storage of its own, or in one that others ran in; gives what it returned. */
  run(name: string, object?: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Bundles `main`, of this folder: what it takes from `node:test` comes from cases-in-object.ts. */
export async function bundleCases(main: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, main)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["node:assert", "node:assert/strict"],
    alias: { "node:test": join(HERE, "cases-in-object.ts") },
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

/** @param directory where the objects' storage is kept; absent: it ends with the runner. */
export async function startCases(script: string, directory?: string): Promise<CaseRunner> {
  const settings = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8"));
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "cases.js", contents: script }],
    modulesRoot: ROOT,
    compatibilityDate: settings["compatibility_date"] as string,
    compatibilityFlags: settings["compatibility_flags"] as string[],
    durableObjects: { CASES: { className: "CaseObject", useSQLite: true } },
    ...(directory !== undefined && { durableObjectsPersist: directory }),
    host: "127.0.0.1",
    port: 0,
    cf: false,
  });
  const ask = async (query: string): Promise<unknown> => {
    const answer = await miniflare.dispatchFetch(`http://cases/${query}`);
    if (answer.status !== 200) throw new Error(await answer.text());
    return answer.json();
  };
  return {
    cases: (await ask("")) as string[],
    run: (name, object = name) => ask(`?${new URLSearchParams({ case: name, object })}`),
    stop: () => miniflare.dispose(),
  };
}
