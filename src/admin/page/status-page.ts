import type { Context, Hono, MiddlewareHandler } from "hono";
import type { AppPorts } from "../../http/listener.ts";
import type { Log } from "../../observe/log.ts";
import { documentOf } from "./main.ts";
import { SCRIPT } from "./script.ts";
import { type SnapshotSource, Snapshots } from "./snapshots.ts";
import { ICON, STYLE } from "./style.ts";
import { MAX_VIEWERS, Viewers } from "./viewers.ts";

/** From the end of a stream until the browser comes again, in milliseconds. */
const RETRY_MS = 1_000;

const EVENTS = "text/event-stream; charset=utf-8";
const TOO_MANY = `${MAX_VIEWERS} others look at this page: it is not live, and loads itself again every few seconds`;

/** Nothing but what this listener serves itself, nobody around it, and nothing kept. */
const HEADERS = {
  "Content-Security-Policy": [
    "default-src 'none'",
    ...["script-src", "style-src", "img-src", "connect-src"].map((kind) => `${kind} 'self'`),
    ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

const FILES = {
  "/page.css": ["text/css; charset=utf-8", STYLE],
  "/page.js": ["text/javascript; charset=utf-8", SCRIPT],
  "/page.svg": ["image/svg+xml", ICON],
} as const;

interface StatusPageOptions extends SnapshotSource {
  readonly log: Log;
}

/** A page that shows how the relay is, live, and changes nothing. */
export class StatusPage {
  readonly #snapshots: Snapshots;
  readonly #viewers: Viewers;

  constructor(options: StatusPageOptions) {
    this.#snapshots = new Snapshots(options);
    const { clock, log } = options;
    this.#viewers = new Viewers({ clock, log, take: () => this.#event() });
  }

  /** @param guard who may look. */
  addTo(app: Hono, guard: MiddlewareHandler, { stream }: Pick<AppPorts, "stream">): void {
    app.get("/", guard, async () => {
      const page = await documentOf(await this.#snapshots.current());
      return answer("text/html; charset=utf-8", String(page));
    });
    for (const [path, [type, text]] of Object.entries(FILES)) app.get(path, guard, () => answer(type, text));
    app.get("/events", guard, (c) => this.#events(c, stream));
  }

  /** Ends the streams: browsers come again, and have to log in again. */
  endStreams(): void {
    this.#viewers.end();
  }

  /** Ends them for good: nobody has to wait for those who look. */
  close(): void {
    this.#viewers.close();
  }

  #events(c: Context, stream: AppPorts["stream"]): Response {
    // Another site cannot read it, but it could take the places of those who may.
    const site = c.req.header("sec-fetch-site") ?? "same-origin";
    if (site !== "same-origin" && site !== "none")
      return c.json({ error: "this is for the status page" }, 403);
    if (c.req.method !== "GET") return c.body(null, 405, { Allow: "GET" });
    const viewer = this.#viewers.add();
    // A browser shows its script nothing of an answer that is an error.
    if (viewer === undefined) return answer(EVENTS, `event: full\ndata: ${TOO_MANY}\n\n`);
    return stream(c, 200, { ...HEADERS, "Content-Type": EVENTS }, viewer);
  }

  async #event(): Promise<Uint8Array> {
    const { title, main } = await this.#snapshots.current();
    // JSON has no line break in it, which would end the event.
    const data = JSON.stringify({ title, main: String(main) });
    return new TextEncoder().encode(`retry: ${RETRY_MS}\ndata: ${data}\n\n`);
  }
}

function answer(type: string, text: string): Response {
  return new Response(text, { headers: { ...HEADERS, "Content-Type": type } });
}
