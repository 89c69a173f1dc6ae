import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeDirectory, startChild, temporaryDirectory } from "./child.ts";
import { findProgram } from "./require-real.ts";
import { createWatch, poll } from "./wait.ts";

export interface RealPrometheus {
  readonly url: string;
  /** What PromQL gives just now: a row for each series, its labels and its value. */
  query(
    expr: string,
  ): Promise<readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[]>;
  close(): Promise<void>;
}

/** A real Prometheus with these `scrape_configs`, as YAML. The port is one that the system chooses. */
export async function startRealPrometheus(scrapeConfigs: string): Promise<RealPrometheus> {
  const dir = temporaryDirectory("prometheus");
  const file = join(dir, "prometheus.yml");
  writeFileSync(
    file,
    `global: { scrape_interval: 200ms, scrape_timeout: 200ms }\nscrape_configs:\n${scrapeConfigs}`,
  );
  const watch = createWatch();
  const child = startChild(
    findProgram("prometheus") ?? "prometheus",
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${mkdtempSync(join(dir, "data-"))}`,
      "--web.listen-address=127.0.0.1:0",
      "--log.level=info",
    ],
    { onLine: watch.changed, onEnd: watch.changed },
  );
  const listening = /Listening on" address=(127\.0\.0\.1:\d+)/;
  await watch.until(
    () => listening.test(child.output) || child.end !== undefined,
    "prometheus to listen",
    30_000,
    () => `\n${child.output}`,
  );
  const url = `http://${listening.exec(child.output)?.[1]}`;
  const close = async () => {
    if (child.end === undefined) await child.stop("SIGKILL");
    removeDirectory(dir);
  };
  try {
    const ready = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.status === 200;
    await poll(ready, "prometheus to be ready", 30_000, () => `\n${child.output}`);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url,
    close,
    async query(expr) {
      const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr })}`);
      const answer = await response.json();
      if (answer.status !== "success") throw new Error(`${answer.error}: ${expr}`);
      return answer.data.result.map(
        ({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => ({
          metric,
          value: Number(value[1]),
        }),
      );
    },
  };
}
