import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog } from "../../src/observe/log.ts";
import { createUdpToUdp, type UdpToUdp } from "../../src/udp/udp-to-udp.ts";
import { createTestPlatform, type TestPlatform } from "../support/test-platform.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface TestOutput {
  readonly mtu?: number;
  /** What a send comes to: taken at once unless given. */
  readonly send?: () => Promise<void>;
}

interface Setting {
  readonly udp: UdpToUdp;
  readonly platform: TestPlatform;
  /** By output, what was given to its sender. */
  readonly sent: string[][];
  readonly closed: boolean[];
  readonly send: (...datagrams: string[]) => void;
}

function setUp(outputs: readonly TestOutput[], precision = ""): Setting {
  const platform = createTestPlatform();
  const sent: string[][] = outputs.map(() => []);
  const closed = outputs.map(() => false);
  let ns = 1_000_000_000n;
  const udp = createUdpToUdp({
    name: "udp-1",
    precision,
    outputs: outputs.map(({ mtu = 1_024, send }, i) => ({
      name: `out-${i}`,
      mtu,
      sender: {
        send: (datagram) => {
          sent[i]?.push(new TextDecoder().decode(datagram));
          return send?.() ?? Promise.resolve();
        },
        close: async () => {
          closed[i] = true;
        },
      },
    })),
    stampClock: () => ns++,
    log: createLog(platform.log, platform.clock),
  });
  return {
    udp,
    platform,
    sent,
    closed,
    send: (...datagrams) => {
      for (const datagram of datagrams) udp.onDatagram(bytes(datagram));
    },
  };
}

describe("UDP to UDP", () => {
  it("sends each datagram to every output, with the same time where it had none", () => {
    const { send, sent } = setUp([{}, {}], "ms");
    send("m v=1\nm v=2 7\n", 'm s="open');
    assert.deepEqual(sent[0], ["m v=1 1000\nm v=2 7\n", 'm s="open']);
    assert.deepEqual(sent[1], sent[0]);
  });

  it("cuts between lines where an output's mtu asks for it", () => {
    const { send, sent } = setUp([{ mtu: 15 }, { mtu: 100 }]);
    send('m v=1 1\nm v=2 2\nm s="\n" 3\n');
    assert.deepEqual(sent, [["m v=1 1\nm v=2 2", 'm s="\n" 3'], ['m v=1 1\nm v=2 2\nm s="\n" 3\n']]);
  });

  it("a line longer than the mtu costs only itself, and only at that output", async () => {
    const { send, sent, udp, platform } = setUp([{ mtu: 12 }, { mtu: 100 }]);
    const long = "m value=123456 1";
    send(`${long}\nm v=1 1\n${long}\nm v=2 2`, `${long}\nm v=3 3`);
    await platform.clock.advance(0);
    assert.deepEqual(sent[0], ["m v=1 1", "m v=2 2", "m v=3 3"]);
    assert.equal(sent[1]?.length, 2);
    const { received, forwarded, outputs } = udp.stats();
    assert.deepEqual({ received, forwarded }, { received: 2, forwarded: 2 });
    assert.deepEqual(outputs, [
      { name: "out-0", sent: 3, failed: 0, queueFull: 0, tooLong: 3 },
      { name: "out-1", sent: 2, failed: 0, queueFull: 0, tooLong: 0 },
    ]);
    assert.deepEqual(
      platform.logged.map(({ event, fields }) => ({ event, ...fields })),
      [{ event: "udp-line-too-long", listener: "udp-1", output: "out-0", bytes: long.length, mtu: 12 }],
    );
  });

  it("sends no empty part", () => {
    const { send, sent } = setUp([{ mtu: 8 }]);
    send("\nm value=123456 1\nm v=1 1");
    assert.deepEqual(sent[0], ["m v=1 1"]);
  });

  it("an output that fails is counted and told of, and does not hold up the others", async () => {
    const { send, sent, udp, platform } = setUp([
      { send: () => Promise.reject(new Error("send ENETUNREACH")) },
      {},
    ]);
    send("m v=1 1", "m v=2 2");
    await platform.clock.advance(0);
    assert.deepEqual(sent[1], ["m v=1 1", "m v=2 2"]);
    assert.deepEqual(
      udp.stats().outputs.map((output) => [output.sent, output.failed]),
      [
        [0, 2],
        [2, 0],
      ],
    );
    assert.deepEqual(
      platform.logged.map(({ event, fields }) => ({ event, ...fields })),
      [{ event: "udp-send-failed", listener: "udp-1", output: "out-0", error: "send ENETUNREACH" }],
    );
  });

  it("drops for an output whose kernel takes nothing, once 4 MB wait, and goes on when it does", async () => {
    const taken: (() => void)[] = [];
    const { send, udp, platform } = setUp([
      { mtu: 65_507, send: () => new Promise((resolve) => taken.push(resolve)) },
      { mtu: 65_507 },
    ]);
    const datagram = `m s="${"x".repeat(50_000)}" 1`;
    const fit = Math.floor((4 * 1024 * 1024) / datagram.length);
    for (let i = 0; i < fit + 5; i++) {
      send(datagram);
      if (i % 50 === 0) await platform.clock.advance(0);
    }
    await platform.clock.advance(0);
    assert.deepEqual(
      udp.stats().outputs.map(({ sent, queueFull }) => [sent, queueFull]),
      [
        [0, 5],
        [fit + 5, 0],
      ],
    );
    assert.equal(platform.logged.filter(({ event }) => event === "udp-send-queue-full").length, 1);
    for (const take of taken.splice(0)) take();
    await platform.clock.advance(0);
    send(datagram);
    assert.equal(udp.stats().outputs[0]?.queueFull, 5);
    assert.equal(taken.length, 1);
  });

  it("drops what is not line protocol, and keeps the books", () => {
    const { send, sent, udp } = setUp([{}]);
    send("", "hello", "\u0000=", "m v=1 1");
    assert.deepEqual(sent[0], ["m v=1 1"]);
    const { received, forwarded, lines, dropped } = udp.stats();
    assert.deepEqual({ received, forwarded, lines }, { received: 4, forwarded: 1, lines: 1 });
    assert.deepEqual(dropped, { empty: 1, "not-line-protocol": 2, "queue-full": 0, stopped: 0 });
  });

  it("stop waits for what is being sent, closes the outputs, and counts what comes later", async () => {
    const taken = Promise.withResolvers<void>();
    const { send, udp, closed, sent } = setUp([{ send: () => taken.promise }, {}]);
    send("m v=1 1");
    const stopping = udp.stop();
    assert.equal(closed[0], false);
    taken.resolve();
    await stopping;
    assert.deepEqual(closed, [true, true]);
    send("m v=2 2");
    assert.equal(sent[1]?.length, 1);
    assert.equal(udp.stats().dropped.stopped, 1);
    assert.equal(udp.stats().outputs[0]?.sent, 1);
  });
});
