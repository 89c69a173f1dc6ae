import type { SqlStorageArea } from "../../../adapters/worker/sql-storage.ts";

/** Takes the place of `node:test` in the bundle of a test Worker: a suite's cases become the cases of an object. */
const cases = new Map<string, () => unknown>();

export function test(name: string, run: () => unknown): void {
  if (cases.has(name)) throw new Error(`two cases are called ${name}`);
  cases.set(name, run);
}

let current: SqlStorageArea | undefined;

/** The storage of the object whose case runs: one runs at a time. */
export function objectStorage(): SqlStorageArea {
  if (current === undefined) throw new Error("no case runs");
  return current;
}

/** Runs cases with its storage: `/?case=NAME` answers 200 with what the case returned, or 500 with the error's stack. */
export class CaseObject {
  readonly #storage: SqlStorageArea;

  constructor(state: { readonly storage: SqlStorageArea }) {
    this.#storage = state.storage;
  }

  async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("case") ?? "";
    try {
      current = this.#storage;
      const run = cases.get(name);
      if (run === undefined) throw new Error(`no case is called ${name}`);
      return Response.json((await run()) ?? null);
    } catch (error) {
      return new Response(error instanceof Error ? error.stack : String(error), { status: 500 });
    } finally {
      current = undefined;
    }
  }
}

interface Objects {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}

/** `/` lists the cases; `/?case=NAME&object=NAME` runs one in an object. */
export const caseWorker = {
  async fetch(request: Request, { CASES }: { readonly CASES: Objects }): Promise<Response> {
    const object = new URL(request.url).searchParams.get("object");
    if (object === null) return Response.json([...cases.keys()]);
    return CASES.get(CASES.idFromName(object)).fetch(request);
  },
};
