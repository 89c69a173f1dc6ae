import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { removeDirectory, startChild, temporaryDirectory } from "./child.ts";
import { findProgram } from "./require-real.ts";
import { createWatch, poll, withLimit } from "./wait.ts";

/** A tab of a headless Chromium, driven by its DevTools protocol. */
export interface Tab {
  /** What the page complained about: errors in its script, what its content security policy forbids, what did not load. */
  readonly complaints: readonly string[];
  open(url: string): Promise<void>;
  /** What an expression is in the page; JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** What a person reads in the first element that fits a selector; also where scripts are off. */
  text(selector: string): Promise<string>;
  /** Waits until an expression is true in the page. */
  until(expression: string, limitMs?: number): Promise<void>;
  /** As if the system, the window or the settings were so. */
  set(look: { readonly dark?: boolean; readonly width?: number; readonly script?: boolean }): Promise<void>;
  /** A PNG of the whole page. */
  screenshot(): Promise<Buffer>;
}

export interface Chromium {
  newTab(): Promise<Tab>;
  close(): Promise<void>;
}

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"],
  ...[
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
  ],
  "--remote-debugging-port=0",
];

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export async function startChromium(): Promise<Chromium> {
  const dir = temporaryDirectory("chromium");
  mkdirSync(join(dir, "profile"));
  const watch = createWatch();
  const child = startChild(
    findProgram("chromium") ?? "chromium",
    [...FLAGS, `--user-data-dir=${join(dir, "profile")}`, "about:blank"],
    { onLine: watch.changed, onEnd: watch.changed },
  );
  const address = () => /DevTools listening on (ws:\S+)/.exec(child.output)?.[1];
  const end = async () => {
    await child.stop("SIGKILL");
    removeDirectory(dir);
  };
  try {
    await watch.until(
      () => address() !== undefined || child.end !== undefined,
      "Chromium",
      20_000,
      () => child.output,
    );
    const socket = new WebSocket(address() ?? "");
    await withLimit(once(socket, "open"), "the DevTools of Chromium");
    const devTools = connection(socket);
    const close = async () => {
      await devTools.send("Browser.close").catch(() => {});
      await withLimit(child.ended, "the end of Chromium").catch(end);
      removeDirectory(dir);
    };
    return { newTab: () => newTab(devTools), close };
  } catch (error) {
    await end();
    throw error;
  }
}

type Send = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>;
interface Connection {
  readonly send: Send;
  readonly listen: (listener: (message: Message) => void) => void;
}

function connection(socket: WebSocket): Connection {
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const listeners: ((message: Message) => void)[] = [];
  let sent = 0;
  socket.addEventListener("message", ({ data }) => {
    const message: Message = JSON.parse(String(data));
    for (const listener of listeners) listener(message);
    const asked = waiting.get(message.id ?? 0);
    waiting.delete(message.id ?? 0);
    if (message.error !== undefined) asked?.reject(new Error(message.error.message));
    else asked?.resolve(message.result ?? {});
  });
  return {
    listen: (listener) => listeners.push(listener),
    send: (method, params = {}, sessionId) => {
      const id = ++sent;
      const answered = Promise.withResolvers<Record<string, unknown>>();
      waiting.set(id, answered);
      socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
      return withLimit(answered.promise, method);
    },
  };
}

async function newTab({ send, listen }: Connection): Promise<Tab> {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const attached = await send("Target.attachToTarget", { targetId, flatten: true });
  const sessionId = String(attached["sessionId"]);
  const ask = (method: string, params?: object) => send(method, params, sessionId);
  const complaints: string[] = [];
  let loaded = 0;
  const watch = createWatch();
  listen(({ method, params, sessionId: from }) => {
    if (from !== sessionId) return;
    if (method === "Page.loadEventFired") loaded++;
    const complaint = complaintOf(method, params);
    if (complaint !== undefined) complaints.push(complaint);
    watch.changed();
  });
  for (const domain of ["Page", "Runtime", "Log"]) await ask(`${domain}.enable`);

  async function evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await ask("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  return {
    complaints,
    evaluate,
    text: (selector) => evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`),
    open: async (url) => {
      const before = loaded;
      await ask("Page.navigate", { url });
      await watch.until(() => loaded > before, `${url} to load`);
    },
    until: (expression, limitMs) =>
      poll(
        () => evaluate<boolean>(`Boolean(${expression})`),
        expression,
        limitMs,
        () => `\n${complaints.join("\n")}`,
      ),
    set: async ({ dark, width, script }) => {
      const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
      if (dark !== undefined) await ask("Emulation.setEmulatedMedia", { features });
      const size = { width, height: 900, deviceScaleFactor: 1, mobile: false };
      if (width !== undefined) await ask("Emulation.setDeviceMetricsOverride", size);
      if (script !== undefined) await ask("Emulation.setScriptExecutionDisabled", { value: !script });
    },
    screenshot: async () => {
      const { data } = await ask("Page.captureScreenshot", { captureBeyondViewport: true });
      return Buffer.from(data as string, "base64");
    },
  };
}

interface LogEntry {
  readonly entry: { readonly level: string; readonly text: string; readonly url?: string };
}

function complaintOf(method: string | undefined, params: unknown): string | undefined {
  if (method === "Runtime.exceptionThrown") return JSON.stringify(params);
  if (method === "Runtime.consoleAPICalled") {
    const { type, args } = params as { type: string; args: unknown };
    return type === "error" || type === "warning" ? JSON.stringify(args) : undefined;
  }
  if (method !== "Log.entryAdded") return undefined;
  const { level, text, url = "" } = (params as LogEntry).entry;
  return level === "error" || level === "warning" ? `${text} ${url}` : undefined;
}
