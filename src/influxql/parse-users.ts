import type { KillQuery, Manage, Privilege, SetPassword } from "./ast-manage.ts";
import type { TokenReader } from "./token-reader.ts";

/** From behind GRANT on. */
export const parseGrant = (reader: TokenReader): Manage => parsePrivileges(reader, "grant", "TO");

/** From behind REVOKE on. */
export const parseRevoke = (reader: TokenReader): Manage => parsePrivileges(reader, "revoke", "FROM");

/** Without a database all privileges make an administrator. */
function parsePrivileges(reader: TokenReader, verb: "grant" | "revoke", to: "TO" | "FROM"): Manage {
  const privilege = parsePrivilege(reader);
  if (reader.accept("ON")) {
    const database = reader.identifier();
    reader.expect(to);
    return { kind: verb, privilege, database, user: reader.identifier() };
  }
  if (privilege !== "ALL") reader.unexpected("ON");
  if (!reader.accept(to)) reader.unexpected("ON", to);
  return { kind: `${verb}-admin`, user: reader.identifier() };
}

function parsePrivilege(reader: TokenReader): Privilege {
  if (reader.accept("READ")) return "READ";
  if (reader.accept("WRITE")) return "WRITE";
  if (!reader.accept("ALL")) reader.unexpected("READ", "WRITE", "ALL [PRIVILEGES]");
  reader.accept("PRIVILEGES");
  return "ALL";
}

/** From behind SET on. */
export function parseSetPassword(reader: TokenReader): SetPassword {
  reader.expect("PASSWORD", "FOR");
  const user = reader.identifier();
  reader.expect("=");
  return { kind: "set-password", user, password: reader.string() };
}

/** From behind KILL on. */
export function parseKillQuery(reader: TokenReader): KillQuery {
  reader.expect("QUERY");
  const id = reader.uint64();
  return { kind: "kill-query", id, host: (reader.accept("ON") && reader.identifier()) || undefined };
}
