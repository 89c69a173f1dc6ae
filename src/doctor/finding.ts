/** One thing that was looked at. */
export interface Finding {
  /** `problem`: the relay cannot keep its promises so. `warning`: it can, but somebody should know. */
  readonly level: "ok" | "warning" | "problem";
  /** The name of a backend; several with commas between; or `config`, `spool`, `relay`. */
  readonly subject: string;
  readonly check:
    | "reachable"
    | "credentials"
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
