import type { SpoolDirectory, SpoolFile } from "../platform.ts";

/** The one file of a log that is open to be read, and the turns of those who need it. */
export class ReadHandle {
  readonly #directory: SpoolDirectory;
  #turn: Promise<unknown> = Promise.resolve();
  #open: { readonly name: string; readonly file: SpoolFile } | undefined;

  constructor(directory: SpoolDirectory) {
    this.#directory = directory;
  }

  /** Runs `use` when all that were there before are done. Only in there are the other methods called. */
  inTurn<T>(use: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(use);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async file(name: string): Promise<SpoolFile> {
    if (this.#open?.name === name) return this.#open.file;
    await this.release();
    const file = await this.#directory.open(name);
    this.#open = { name, file };
    return file;
  }

  /** Nothing is open behind it, also when it rejects. */
  async release(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }
}
