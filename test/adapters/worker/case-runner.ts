import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { startWorkerd } from "../../support/workerd.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

/** Cases that run within a Durable Object in workerd. */
export interface CaseRunner {
  /** Names, in their order. */
  readonly cases: readonly string[];
  /** Runs one in an object with an empty storage of its own, or in one that others ran in; gives what it returned. */
  run(name: string, object?: string): Promise<unknown>;
  /** Kills the runtime. */
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

/** @param directory where the objects' storage is kept; absent: it ends with this process. */
export async function startCases(script: string, directory?: string): Promise<CaseRunner> {
  const { url, stop } = await startWorkerd({
    modules: [["cases.js", script]],
    objects: { CASES: "CaseObject" },
    directory,
  });
  const ask = async (query: string): Promise<unknown> => {
    const answer = await fetch(`${url}/${query}`);
    if (answer.status !== 200) throw new Error(await answer.text());
    return answer.json();
  };
  return {
    cases: (await ask("")) as string[],
    run: (name, object = name) => ask(`?${new URLSearchParams({ case: name, object })}`),
    stop,
  };
}
