import { SpoolError } from "../../src/errors.ts";
import type { CredentialSealer } from "../../src/spool/credential-sealer.ts";
import type { BackendSpool, SpoolLog } from "../../src/spool/log.ts";
import { SqlFacts } from "./sql-facts.ts";
import { SqlLog } from "./sql-log.ts";
import { SqlCommit, type SqlStorageArea, toSpoolError } from "./sql-storage.ts";

/** What an object stores for its backend. */
export interface ObjectSpool extends BackendSpool {
  /** Writes that requests are just sending themselves. */
  readonly parked: SpoolLog;
}

/** The version of the tables. */
const FORMAT = 1;

/**
 * Opens what one Durable Object stores for one backend; the tables are made if they are not there.
 * @param sealer for credentials of clients; without it no record may have any.
 * @throws {SpoolError} `version` when a newer relay wrote the tables, which are left alone then.
 */
export function openSqlSpool(storage: SqlStorageArea, sealer: CredentialSealer | undefined): ObjectSpool {
  checkFormat(storage);
  const commit = new SqlCommit(storage);
  const open = (name: string) => new SqlLog({ storage, commit, name, sealer });
  const facts = new SqlFacts(storage, commit);
  // What an object lost, it never acknowledged: its storage is durable before anything that depends on it goes out.
  return {
    main: open("main"),
    hold: open("hold"),
    dead: open("dead"),
    parked: open("parked"),
    facts,
    doubtful: false,
    // An object promises an order within its backlog only.
    abandoned: false,
  };
}

function checkFormat({ sql }: SqlStorageArea): void {
  let found: unknown;
  try {
    sql.exec("CREATE TABLE IF NOT EXISTS format (version INTEGER PRIMARY KEY)");
    found = sql.exec("SELECT MAX(version) AS version FROM format").toArray()[0]?.["version"];
    if (found === null) sql.exec("INSERT INTO format VALUES (?)", FORMAT);
  } catch (error) {
    throw toSpoolError(error);
  }
  if (typeof found === "number" && found > FORMAT)
    throw new SpoolError("version", `the object's tables have version ${found}, this relay knows ${FORMAT}`);
}
