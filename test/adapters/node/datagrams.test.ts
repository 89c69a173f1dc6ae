import assert from "node:assert/strict";
import { platform } from "node:os";
import { describe, it, type TestContext } from "node:test";
import { nodeDatagrams } from "../../../adapters/node/datagrams.ts";
import { BindError } from "../../../src/errors.ts";
import type { DatagramListener, DatagramListenerOptions } from "../../../src/platform.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Receiver extends DatagramListener {
  readonly received: string[];
  /** Resolves when `count` datagrams have come. */
  wait(count: number): Promise<void>;
}

async function listen(t: TestContext, options: Partial<DatagramListenerOptions> = {}): Promise<Receiver> {
  const received: string[] = [];
  let waiting: { count: number; resolve: () => void } | undefined;
  const listener = await nodeDatagrams.listen({
    name: "[[udp]] in",
    host: "127.0.0.1",
    port: 0,
    reusePort: false,
    onDatagram: (datagram) => {
      received.push(new TextDecoder().decode(datagram));
      if (waiting !== undefined && received.length >= waiting.count) waiting.resolve();
    },
    onError: (error) => assert.fail(error),
    ...options,
  });
  t.after(() => listener.close());
  return {
    ...listener,
    received,
    wait: async (count) => {
      if (received.length < count) await new Promise<void>((resolve) => (waiting = { count, resolve }));
    },
  };
}

async function send(t: TestContext, host: string, port: number, ...texts: string[]): Promise<void> {
  const sender = await nodeDatagrams.connect(host, port);
  t.after(() => sender.close());
  for (const text of texts) await sender.send(bytes(text));
}

/** Two immediates have a look at all sockets between them. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("datagrams", () => {
  for (const host of ["127.0.0.1", "::1", "localhost"]) {
    it(`go to and come from ${host}`, async (t) => {
      const receiver = await listen(t, { host });
      await send(t, host, receiver.port, "m v=1 1", "", "m v=2 2\n");
      await receiver.wait(3);
      assert.deepEqual(receiver.received, ["m v=1 1", "", "m v=2 2\n"]);
    });
  }

  it("an empty host takes IPv4 and IPv6", async (t) => {
    const receiver = await listen(t, { host: "" });
    await send(t, "127.0.0.1", receiver.port, "four");
    await send(t, "::1", receiver.port, "six");
    await receiver.wait(2);
    assert.deepEqual(receiver.received.sort(), ["four", "six"]);
  });

  it("each datagram's bytes stay as they are", async (t) => {
    const kept: Uint8Array[] = [];
    const all = Promise.withResolvers<void>();
    const receiver = await listen(t, {
      onDatagram: (datagram) => {
        if (kept.push(datagram) === 20) all.resolve();
      },
    });
    const texts = Array.from({ length: 20 }, (_, i) => `m v=${i}`);
    await send(t, "127.0.0.1", receiver.port, ...texts);
    await all.promise;
    assert.deepEqual(
      kept.map((datagram) => new TextDecoder().decode(datagram)),
      texts,
    );
  });

  it("an address that is taken is a BindError that names it", async (t) => {
    const { port } = await listen(t);
    await assert.rejects(listen(t, { port }), (error) => {
      assert.ok(error instanceof BindError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
      return true;
    });
  });

  it("a host that cannot be found is a BindError, and no sender", async (t) => {
    await assert.rejects(listen(t, { host: "no.such.host.invalid" }), BindError);
    await assert.rejects(nodeDatagrams.connect("no.such.host.invalid", 1));
  });

  it("what is larger than a datagram is refused, and the next one goes out", async (t) => {
    const receiver = await listen(t);
    const sender = await nodeDatagrams.connect("127.0.0.1", receiver.port);
    t.after(() => sender.close());
    await assert.rejects(sender.send(new Uint8Array(70_000)), { code: "EMSGSIZE" });
    await sender.send(bytes("next"));
    await receiver.wait(1);
    assert.deepEqual(receiver.received, ["next"]);
  });

  for (const [when, poll] of [
    ["was learned meanwhile", turn],
    ["is learned from the next send", () => {}],
  ] as const) {
    it(`a receiver that is not there makes the next send fail, which goes out all the same: ${when}`, async (t) => {
      const first = await listen(t);
      const sender = await nodeDatagrams.connect("127.0.0.1", first.port);
      t.after(() => sender.close());
      await first.close();
      const lost = sender.send(bytes("lost"));
      const second = await listen(t, { port: first.port });
      await lost;
      await poll();
      await assert.rejects(sender.send(bytes("a")), { code: "ECONNREFUSED" });
      await sender.send(bytes("b"));
      await second.wait(2);
      assert.deepEqual(second.received, ["a", "b"]);
    });
  }

  it("counts what the kernel dropped for want of receive buffer", {
    skip: platform() !== "linux",
  }, async (t) => {
    for (const host of ["127.0.0.1", "::1"]) {
      const small = await listen(t, { host, receiveBufferBytes: 4_096 });
      const large = await listen(t, { host, receiveBufferBytes: 200_000 });
      for (const { port } of [small, large]) {
        const sender = await nodeDatagrams.connect(host, port);
        t.after(() => sender.close());
        // All go out in one turn of the event loop, before the receiver can read.
        await Promise.all(Array.from({ length: 40 }, () => sender.send(new Uint8Array(1_000))));
      }
      assert.ok((small.kernelDrops() ?? 0) > 0);
      assert.equal(large.kernelDrops(), 0);
      if (host === "127.0.0.1") {
        const namesake = await listen(t, { host: "127.0.0.2", port: small.port });
        assert.equal(namesake.kernelDrops(), 0);
      }
      await small.close();
      assert.equal(small.kernelDrops(), undefined);
      await small.close();
    }
  });
});

it("two listeners share a port if both ask for it, and each datagram reaches one of them", async (t) => {
  const first = await listen(t, { reusePort: true });
  const second = await listen(t, { reusePort: true, port: first.port });
  await assert.rejects(listen(t, { port: first.port }), BindError);
  const all = 64;
  const senders = await Promise.all(
    Array.from({ length: all }, () => nodeDatagrams.connect("127.0.0.1", first.port)),
  );
  t.after(() => Promise.all(senders.map((sender) => sender.close())));
  for (const sender of senders) await sender.send(new TextEncoder().encode("m v=1 1"));
  while (first.received.length + second.received.length < all) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(first.received.length > 0 && second.received.length > 0);
});
