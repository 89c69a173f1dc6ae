import { readFileSync } from "node:fs";

/** The oldest Node that the package is for. */
const OLDEST_NODE = "22.18";

/** The version of the package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** What to tell somebody whose Node is older than the relay needs; undefined if it will do. npm only warns of it. */
export function nodeComplaint(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split(".").map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `influxdb-relay needs Node ${OLDEST_NODE} or newer, and this is ${version}`;
}
