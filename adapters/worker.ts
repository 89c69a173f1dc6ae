/** The relay as a Cloudflare Worker. */
import { createIsolate } from "./worker/isolate.ts";

export { SpoolObject } from "./worker/spool-object.ts";

export default { fetch: createIsolate() };
