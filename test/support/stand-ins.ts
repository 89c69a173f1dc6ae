/** InfluxDB look-alikes on the ports given as arguments, until standard input ends or a signal comes. */
import { startFaultyInfluxdb } from "./faulty-influxdb.ts";

const ports = process.argv.slice(2).map(Number);
await Promise.all(ports.map((port) => startFaultyInfluxdb({ port, databases: ["mydb"] })));
process.stdout.write("listening\n");
