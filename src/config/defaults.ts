import * as v from "valibot";
import { buildConfig } from "./build.ts";
import type { HttpListenerConfig, OutputConfig, SpoolConfig, UdpListenerConfig } from "./config.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { configSchema } from "./schema.ts";

/** A config of which nothing but what must be given is given: everything else in it is the schema's default. */
const { spool, recovery, http, udp } = deepFreeze(
  buildConfig(
    v.parse(configSchema, {
      spool: { dir: "/" },
      http: [{ "bind-addr": ":0", output: [{ location: "http://localhost:8086" }] }],
      udp: [{ "bind-addr": ":0", to: "http-1", database: "db" }],
    }),
  ),
);

export const SPOOL_DEFAULTS = spool as SpoolConfig;
export const RECOVERY_DEFAULTS = recovery;
export const HTTP_DEFAULTS = http[0] as HttpListenerConfig;
export const OUTPUT_DEFAULTS = HTTP_DEFAULTS.outputs[0] as OutputConfig;
export const UDP_DEFAULTS = udp[0] as UdpListenerConfig;
