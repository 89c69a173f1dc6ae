import type { AdminClient } from "../peers/admin-client.ts";
import type { BackendReport, Check, Part, Shown, SpoolCommands, Where } from "./spool-commands.ts";

/** The spool of a running relay, by its admin listener. */
export class RemoteSpool implements SpoolCommands {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  async list(): Promise<readonly BackendReport[]> {
    const { backends } = await this.#admin.ask<{ backends: readonly BackendReport[] }>("GET", "/spool");
    return backends;
  }

  show(backend: string, part: Part, limit: number): Promise<Shown> {
    return this.#admin.ask("GET", `${pathOf(backend)}?part=${part}&limit=${limit}`);
  }

  verify(backend: string): Promise<Check> {
    return this.#admin.ask("POST", `${pathOf(backend)}/verify`, {});
  }

  async count(backend: string, part: Part, where: Where): Promise<number> {
    return this.#records(`${pathOf(backend)}/drop`, { part, ...where, dryRun: true });
  }

  async drop(backend: string, part: Part, where: Where): Promise<number> {
    return this.#records(`${pathOf(backend)}/drop`, { part, ...where });
  }

  async replay(backend: string, where: Where): Promise<number> {
    return this.#records(`${pathOf(backend)}/replay`, { ...where });
  }

  async #records(path: string, command: object): Promise<number> {
    const { records } = await this.#admin.ask<{ records: number }>("POST", path, command);
    return records;
  }
}

function pathOf(backend: string): string {
  return `/spool/${encodeURIComponent(backend)}`;
}
