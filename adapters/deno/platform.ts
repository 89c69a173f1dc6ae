import type { Datagrams, LogSink, Platform } from "../../src/platform.ts";
import { nodeDatagrams } from "../node/datagrams.ts";
import { nodePlatform } from "../node/platform.ts";
import { buildOf } from "../node/process-figures.ts";
import { openSpool } from "../node/spool-files.ts";
import { holdFile } from "./hold-file.ts";

/** Deno zeroes the whole of its receive buffer for each packet: one of 4 MB costs 1-2 ms a packet. */
const datagrams: Datagrams = {
  listen: ({ receiveBufferBytes: _, ...options }) => nodeDatagrams.listen(options),
  connect: nodeDatagrams.connect,
};

export function denoPlatform(log: LogSink): Platform {
  return {
    ...nodePlatform(log),
    runtime: "deno",
    build: buildOf("deno"),
    datagrams,
    openSpool: (path) => openSpool(path, holdFile),
  };
}
