import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { formatAddress } from "../../src/config/address.ts";
import { BindError } from "../../src/errors.ts";
import type {
  DatagramListener,
  DatagramListenerOptions,
  DatagramSender,
  Datagrams,
} from "../../src/platform.ts";
import { kernelDrops } from "./kernel-drops.ts";

/** UDP by node:dgram. Host names are looked up once. */
export const nodeDatagrams: Datagrams = { listen, connect };

async function listen(options: DatagramListenerOptions): Promise<DatagramListener> {
  const { name, host, port, receiveBufferBytes, reusePort, onDatagram, onError } = options;
  const socket = await bind(host, port, reusePort).catch((cause: unknown) => {
    throw new BindError(name, formatAddress({ host, port }), { cause });
  });
  socket.on("message", onDatagram);
  // An error is of one datagram or of the moment: the socket goes on, and so does the listener.
  socket.on("error", onError);
  if (receiveBufferBytes !== undefined) {
    try {
      socket.setRecvBufferSize(receiveBufferBytes);
    } catch (error) {
      onError(error as Error);
    }
  }
  const bound = socket.address();
  return {
    port: bound.port,
    kernelDrops: () => kernelDrops(bound.address, bound.port),
    close: closer(socket),
  };
}

/** An empty host is every address, of IPv6 and IPv4 if the machine has IPv6. */
async function bind(host: string, port: number, reusePort: boolean): Promise<Socket> {
  if (host !== "") {
    const { address, family } = await lookup(host);
    return bindTo(address, family, port, reusePort);
  }
  try {
    return await bindTo("::", 6, port, reusePort);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw error;
    return bindTo("0.0.0.0", 4, port, reusePort);
  }
}

async function bindTo(address: string, family: number, port: number, reusePort: boolean): Promise<Socket> {
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", reusePort });
  try {
    socket.bind({ address, port });
    await once(socket, "listening");
    return socket;
  } catch (error) {
    await closer(socket)();
    throw error;
  }
}

async function connect(host: string, port: number): Promise<DatagramSender> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  /** What the receiver's machine answered to an earlier datagram: nobody listens on that port. */
  let refusal: Error | undefined;
  socket.on("error", (error) => {
    refusal = error;
  });
  try {
    socket.connect(port, address);
    await once(socket, "connect");
  } catch (error) {
    await closer(socket)();
    throw error;
  }
  return {
    // A refusal is of an earlier datagram, but counts for this one, which goes out all the same.
    send: (bytes) =>
      new Promise((resolve, reject) => {
        const refused = refusal;
        refusal = undefined;
        socket.send(bytes, (error) => {
          // The kernel told of it instead of taking this one.
          if (isRefusal(error)) socket.send(bytes, () => reject(error));
          else if (error) reject(error);
          else if (refused !== undefined) reject(refused);
          else resolve();
        });
      }),
    close: closer(socket),
  };
}

const isRefusal = (error: NodeJS.ErrnoException | null): boolean => error?.code === "ECONNREFUSED";

/** Once only: node:dgram throws at a second close. */
function closer(socket: Socket): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= new Promise<void>((resolve) => socket.close(() => resolve()));
    return closed;
  };
}
