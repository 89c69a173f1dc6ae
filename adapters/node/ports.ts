/** What Node gives `createApp` and `Relay`, for whoever has a server of his own: `influxdb-relay/node`. */
export { createLogWriter } from "./log-writer.ts";
export { nodePlatform } from "./platform.ts";
export { clientAddress, readBody } from "./request-body.ts";
export { stream } from "./response-stream.ts";
