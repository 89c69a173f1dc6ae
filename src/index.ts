/**
 * The relay as a library: `parseConfig` reads a config, `Relay` writes and asks, `createApp` is the Hono app of one
 * listener. What the runtime gives them is in `influxdb-relay/platform`, and for Node in `influxdb-relay/node`.
 */
export { createApp } from "./app.ts";
export type {
  Address,
  AdminConfig,
  AuthRule,
  Config,
  HttpListenerConfig,
  OutputConfig,
  RecoveryConfig,
  SpoolConfig,
  UdpListenerConfig,
} from "./config/config.ts";
export { describeConfig } from "./config/describe.ts";
export { type ConfigSource, configFromObject, parseConfig } from "./config/parse.ts";
export { warnings } from "./config/warnings.ts";
export * from "./errors.ts";
export type { AppListener, AppPorts, HttpAnswers, HttpCounters, Readiness } from "./http/listener.ts";
export type { Figures } from "./observe/figures.ts";
export type { Log } from "./observe/log.ts";
export type { AnswerBody } from "./query/query.ts";
export { type Leftover, Relay, type RelayStatus } from "./relay.ts";
