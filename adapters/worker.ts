/** The relay as a Cloudflare Worker. */
import { createIsolate } from "./worker/isolate.ts";

export default { fetch: createIsolate() };
