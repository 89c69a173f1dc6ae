/** What the conformance suite needs of a runtime: how to start a relay there. */

/** One line of a relay's log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A relay that runs and answers at `url`. */
export interface RunningRelay {
  /** Origin of its one listener, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Everything that it logged so far. */
  log(): readonly LogLine[];
  /** Ends it; also when it still lacks something that it would deliver. */
  stop(): Promise<void>;
}

/** Starts relays on one runtime. */
export interface Launcher {
  readonly runtime: "node" | "deno" | "workers";
  /** True if it gives relays a spool. */
  readonly spool?: boolean;
  /**
   * Starts a relay and waits until it answers.
   * @param config The text of a config file with one `[[http]]` entry named `main`, made by `listenerConfig`.
   * @param env Variables that the config text refers to.
   */
  start(config: string, env?: Record<string, string>): Promise<RunningRelay>;
}

/** A value of a config option. */
export type Option = string | number | boolean | readonly Option[] | { readonly [key: string]: Option };

/** The text of a config with one listener named `main`. Only a command listens on an address: a Worker has none. */
export function listenerConfig({ runtime }: Launcher, options: { readonly [key: string]: Option }): string {
  const address = runtime === "workers" ? {} : { "bind-addr": "127.0.0.1:0" };
  const entries = Object.entries({ name: "main", ...address, ...options });
  return `[[http]]\n${entries.map(([key, value]) => `${key} = ${toml(value)}\n`).join("")}`;
}

/** A TOML value; the strings of JSON are TOML's too. */
function toml(value: Option): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value as { readonly [key: string]: Option });
  return `{ ${entries.map(([key, item]) => `${key} = ${toml(item)}`).join(", ")} }`;
}
