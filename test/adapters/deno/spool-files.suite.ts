/** Run by `deno test`. */
import type { Platform, SpoolRoot } from "../../../src/platform.ts";
import { testSpoolFiles } from "../../spool/files-conformance.ts";
import { removeDirectory, temporaryDirectory } from "../../support/child.ts";

// A name that is put together, as Node's types know nothing of that file.
const adapter = await import(`../../../adapters/${"deno"}/platform.ts`);
const platform: Platform = adapter.denoPlatform(() => {});

testSpoolFiles("files on Deno", async () => {
  const dir = temporaryDirectory("files");
  const open = () => platform.openSpool?.(`${dir}/spool`) as Promise<SpoolRoot>;
  let root = await open();
  return {
    root,
    reopen: async () => {
      await root.close();
      root = await open();
      return root;
    },
    close: async () => {
      await root.close();
      removeDirectory(dir);
    },
  };
});
