import type { LogFields, LogLevel, LogSink } from "../../src/platform.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
/** ANSI colours of the levels: grey, none, yellow, red. */
const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: "\x1b[90m",
  info: "",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};

interface LogWriterOptions {
  /** Events below it are not written. */
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  readonly now: () => number;
  /** Gets one whole line, with its line feed. */
  readonly write: (line: string) => void;
}

/** Writes each event as one line, for programs (JSON) or for people. */
export function createLogWriter({ level: lowest, format, now, write }: LogWriterOptions): LogSink {
  const from = LEVELS.indexOf(lowest);
  const print = format === "json" ? jsonLine : prettyLine;
  return (level, event, fields) => {
    if (LEVELS.indexOf(level) >= from) write(print(new Date(now()).toISOString(), level, event, fields));
  };
}

function jsonLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  return `${JSON.stringify({ time, level, event, ...fields })}\n`;
}

function prettyLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? JSON.stringify(value) : value}`);
  const text = [time.slice(11, 23), level.padEnd(5), event, ...details].join(" ");
  const colour = COLOURS[level];
  return colour === "" ? `${text}\n` : `${colour}${text}\x1b[0m\n`;
}
