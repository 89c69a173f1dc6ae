import { BackendClient, quotedIdentifier } from "../backend/client.ts";
import { OWN_DATABASE } from "../backend/own-database.ts";
import type { OutputConfig } from "../config/config.ts";
import type { HttpAnswer, Platform } from "../platform.ts";
import { databasesIn, type FieldTypes, fieldTypesIn } from "../relay/field-types.ts";
import { clockIn, policiesIn } from "./answers.ts";
import type { Finding } from "./finding.ts";
import { checkV2Writes } from "./v2-check.ts";

/** Answers that are longer are not looked at. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Databases that are compared. */
const MAX_DATABASES = 1_000;
/** How far the clock of a server may be from that of the relay, in milliseconds. */
const MAX_SKEW_MS = 1_000;

/** What a server said, as far as it could be asked. */
export interface Examined {
  readonly name: string;
  readonly version: string | undefined;
  /** By database; undefined if it does not tell. */
  readonly databases: ReadonlyMap<string, Database> | undefined;
  readonly findings: readonly Finding[];
}

export interface Database {
  readonly policies: readonly string[];
  /** Undefined if they are too many to look at. */
  readonly fields: FieldTypes | undefined;
}

/**
 * Asks one server everything about itself. Changes nothing.
 * @param databases of its replicas, as far as they are known: what is only written to cannot be asked for its own.
 */
export async function examineServer(
  output: OutputConfig,
  platform: Platform,
  databases: readonly string[] = [],
): Promise<Examined> {
  const client = new BackendClient(output, platform);
  try {
    return await new Examination(output, client, platform).run(databases);
  } finally {
    await client.close();
  }
}

class Examination {
  readonly #output: OutputConfig;
  readonly #client: BackendClient;
  readonly #platform: Platform;
  readonly #findings: Finding[] = [];

  constructor(output: OutputConfig, client: BackendClient, platform: Platform) {
    this.#output = output;
    this.#client = client;
    this.#platform = platform;
  }

  async run(ofReplicas: readonly string[]): Promise<Examined> {
    const { v2, name: subject } = this.#output;
    const isThere = await this.#reach();
    const answer = isThere && v2 === undefined ? await this.#admitted() : undefined;
    const databases = answer && (await this.#databases(answer));
    if (databases !== undefined) await this.#clock();
    if (isThere && v2 !== undefined) {
      const found = await checkV2Writes(this.#output, v2, this.#client, ofReplicas);
      this.#findings.push(...found.map((finding) => ({ subject, ...finding })));
    }
    const version = this.#client.version?.version;
    return { name: this.#output.name, version, databases, findings: this.#findings };
  }

  #found(level: Finding["level"], check: Finding["check"], message: string, fix?: string): void {
    this.#findings.push({ level, subject: this.#output.name, check, message, ...(fix && { fix }) });
  }

  async #reach(): Promise<boolean> {
    const { clock } = this.#platform;
    const start = clock.monotonic();
    const status = await this.#client.pingStatus();
    const ms = Math.ceil(clock.monotonic() - start);
    if (status === 0) {
      const fix = `start the server, or correct location = "${this.#output.origin}${this.#output.writePath}" and what lies between`;
      this.#found("problem", "reachable", `no answer to /ping: ${this.#client.pingFailure}`, fix);
      return false;
    }
    if (status === 401) {
      const fix = "ping-auth-enabled is set there: give the output username and password";
      this.#found("problem", "reachable", "its /ping wants credentials, so it counts as down", fix);
      return true;
    }
    if (status < 200 || status > 299) {
      const fix = "the location must be that of an InfluxDB, not of a page or of another service";
      this.#found("problem", "reachable", `answers ${status} to /ping`, fix);
      return false;
    }
    const { version, build } = this.#client.version ?? {};
    const what =
      version === undefined ? "of an unknown version" : `InfluxDB ${version}${build && ` (${build})`}`;
    this.#found("ok", "reachable", `${what}, answers in ${ms} ms`);
    return true;
  }

  /** The answer to SHOW DATABASES; undefined if the server does not give it. */
  async #admitted(): Promise<HttpAnswer | undefined> {
    const answer = await this.#ask("SHOW DATABASES");
    const own = this.#output.authorization !== undefined;
    if (answer?.status === 401 || answer?.status === 403) {
      if (own) {
        const fix = "correct username and password (or token) of the output, or make the user there";
        this.#found("problem", "credentials", `refuses those of the output (${answer.status})`, fix);
      } else {
        const fix =
          "clients' own are passed on; give the output those of an admin so that the relay can compare and recover";
        this.#found("warning", "credentials", "wants credentials, and the output has none", fix);
      }
      return undefined;
    }
    if (answer?.status !== 200) {
      const fix = "look into the server's log";
      this.#found(
        "problem",
        "credentials",
        `does not answer SHOW DATABASES (${answer?.status ?? "no answer"})`,
        fix,
      );
      return undefined;
    }
    this.#found("ok", "credentials", own ? "those of the output work" : "none are needed");
    return answer;
  }

  async #databases(answer: HttpAnswer): Promise<Map<string, Database> | undefined> {
    const names = databasesIn(answer.body);
    if (names === undefined) return undefined;
    const databases = new Map<string, Database>();
    for (const name of names.filter((name) => name !== OWN_DATABASE).slice(0, MAX_DATABASES)) {
      const on = quotedIdentifier(name);
      const policies = this.#read(await this.#ask(`SHOW RETENTION POLICIES ON ${on}`), policiesIn);
      const fields = this.#read(await this.#ask(`SHOW FIELD KEYS ON ${on}`), fieldTypesIn);
      databases.set(name, { policies: policies ?? [], fields });
      if (policies === undefined || fields === undefined) {
        const what = policies === undefined ? "policies" : "fields";
        this.#found(
          "warning",
          "schema",
          `does not tell the ${what} of ${JSON.stringify(name)}, or there are too many`,
        );
      }
    }
    return databases;
  }

  /** Lines without a time get the relay's, and `now()` in a query is the server's. */
  async #clock(): Promise<void> {
    const { clock } = this.#platform;
    const before = clock.now();
    const theirs = this.#read(await this.#ask("SHOW DIAGNOSTICS"), clockIn);
    const after = clock.now();
    if (theirs === undefined) {
      this.#found(
        "warning",
        "clock",
        "does not tell its time",
        "give the output the credentials of an admin",
      );
      return;
    }
    const skew = theirs < before ? theirs - before : theirs > after ? theirs - after : 0;
    const text = `${Math.abs(skew / 1_000).toFixed(3)} s ${skew < 0 ? "behind" : "ahead of"} this machine's`;
    if (Math.abs(skew) > MAX_SKEW_MS) {
      const fix = "let both machines set their clocks by NTP: queries by now() miss points otherwise";
      this.#found("problem", "clock", `its clock is ${text}`, fix);
    } else this.#found("ok", "clock", skew === 0 ? "the same time" : `its clock is ${text}`);
  }

  #ask(q: string): Promise<HttpAnswer | undefined> {
    return this.#client.ask(q, undefined, MAX_ANSWER_BYTES);
  }

  #read<T>(answer: HttpAnswer | undefined, read: (body: Uint8Array) => T | undefined): T | undefined {
    return answer?.status === 200 ? read(answer.body) : undefined;
  }
}
