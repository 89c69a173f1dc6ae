import { readFileSync } from "node:fs";

/**
 * Datagrams that Linux dropped because the receive buffer of the socket bound to this address was full: the last
 * column of its line in /proc/net/udp or /proc/net/udp6. Undefined without such a line, as on other systems.
 */
export function kernelDrops(address: string, port: number): number | undefined {
  const ipv6 = address.includes(":");
  const table = readTable(ipv6 ? "/proc/net/udp6" : "/proc/net/udp");
  const local = `${hexAddress(ipv6 ? ipv6Bytes(address) : ipv4Bytes(address))}:${hex(port, 4)}`;
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (columns[1] === local) return Number(columns[columns.length - 1]);
  }
  return undefined;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");

/** The kernel prints each four bytes as one number of the machine's byte order, little-endian where Node runs. */
function hexAddress(bytes: readonly number[]): string {
  let text = "";
  for (let word = 0; word < bytes.length; word += 4) {
    for (let i = 3; i >= 0; i--) text += hex(bytes[word + i] as number, 2);
  }
  return text;
}

const ipv4Bytes = (address: string): number[] => address.split(".").map(Number);

function ipv6Bytes(address: string): number[] {
  const [withoutZone = ""] = address.split("%");
  const [head = "", tail] = withoutZone.split("::");
  const before = groupBytes(head);
  const after = groupBytes(tail ?? "");
  return [...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after];
}

/** Colon-separated groups; the last one may be an IPv4 address. */
function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
