/** Names of one kind that are told. */
const MAX_TOLD = 5;

/** One thing that was looked at. */
export interface Finding {
  /** `problem`: the relay cannot keep its promises so. `warning`: it can, but somebody should know. */
  readonly level: "ok" | "warning" | "problem";
  /** The name of a backend; several with commas between; or `config`, `spool`, `relay`. */
  readonly subject: string;
  readonly check:
    | "reachable"
    | "credentials"
    | "bucket"
    | "version"
    | "clock"
    | "schema"
    | "fields"
    | "disk"
    | "config"
    | "running";
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** The first of many things, and how many there are more. */
export function some(texts: readonly string[]): string {
  const more = texts.length > MAX_TOLD ? `; and ${texts.length - MAX_TOLD} more` : "";
  return texts.slice(0, MAX_TOLD).join("; ") + more;
}
