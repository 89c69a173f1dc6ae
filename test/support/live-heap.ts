import assert from "node:assert/strict";
import type { RelayProcess } from "./relay-process.ts";

/** The environment of a relay that {@link liveHeapMb} can be asked about. */
export const INSPECTED = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/** Megabytes of the JavaScript heap and of buffers outside of it that a relay refers to: what is garbage is collected before. */
export async function liveHeapMb(relay: RelayProcess): Promise<number> {
  const url = /ws:\/\/\S+/.exec(relay.output)?.[0] ?? assert.fail(relay.output);
  const socket = new WebSocket(url);
  try {
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    let id = 0;
    const ask = (method: string, params = {}) =>
      new Promise<{ result: { result: { value: number } } }>((resolve, reject) => {
        socket.onmessage = ({ data }) => resolve(JSON.parse(String(data)));
        socket.onclose = reject;
        socket.send(JSON.stringify({ id: ++id, method, params }));
      });
    await ask("HeapProfiler.collectGarbage");
    const expression = "process.memoryUsage().heapUsed + process.memoryUsage().external";
    const { result } = await ask("Runtime.evaluate", { expression });
    return result.result.value / 2 ** 20;
  } finally {
    socket.close();
  }
}
