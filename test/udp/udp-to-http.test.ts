import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createLog } from "../../src/observe/log.ts";
import { createUdpToHttp, type UdpToHttp, type UdpToHttpStats } from "../../src/udp/udp-to-http.ts";
import { scanLine } from "../../src/write/line-scan.ts";
import type { OutcomeKind, Reply, Write } from "../../src/writer.ts";
import { createTestPlatform, type TestPlatform } from "../support/test-platform.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);
const NOW_NS = 1_767_225_600_000_000_000n;

function reply(kind: OutcomeKind, status: number, influxError?: string): Reply {
  return {
    kind,
    status,
    body: new Uint8Array(0),
    contentType: undefined,
    influxError,
    retryAfter: undefined,
  };
}

interface Setting {
  readonly udp: UdpToHttp;
  readonly platform: TestPlatform;
  readonly posted: Write[];
  readonly bodies: () => string[];
  readonly send: (...datagrams: string[]) => void;
  /** Answers the oldest write that has no answer. */
  readonly answer: (reply: Reply) => Promise<void>;
}

interface Changes {
  readonly precision?: string;
  readonly batchSize?: number;
  readonly hold?: boolean;
}

function setUp({ precision = "", batchSize = 3, hold = false }: Changes = {}): Setting {
  const platform = createTestPlatform();
  const posted: Write[] = [];
  const unanswered: ((reply: Reply) => void)[] = [];
  const controller = new AbortController();
  let ns = NOW_NS;
  const udp = createUdpToHttp({
    name: "udp-1",
    precision,
    to: {
      kind: "http",
      listener: "main",
      database: "telegraf",
      retentionPolicy: "short",
      batchSize,
      batchTimeoutMs: 1_000,
    },
    writer: {
      post: (write, signal) => {
        assert.equal(signal, controller.signal);
        posted.push(write);
        return hold
          ? new Promise((resolve) => unanswered.push(resolve))
          : Promise.resolve(reply("stored", 204));
      },
    },
    signal: controller.signal,
    clock: platform.clock,
    stampClock: () => ns++,
    log: createLog(platform.log, platform.clock),
  });
  return {
    udp,
    platform,
    posted,
    bodies: () => posted.map(({ body }) => text(body)),
    send: (...datagrams) => {
      for (const datagram of datagrams) udp.onDatagram(bytes(datagram));
    },
    answer: async (outcome) => {
      unanswered.shift()?.(outcome);
      await platform.clock.advance(0);
    },
  };
}

function assertBalanced({ received, forwarded, waiting, dropped }: UdpToHttpStats): void {
  const sum = Object.values(dropped).reduce((total, count) => total + count, 0);
  assert.equal(received, forwarded + waiting + sum);
}

describe("UDP to HTTP: batches", () => {
  it("posts when the batch has its lines, each datagram on lines of its own", async () => {
    const { send, bodies, udp, platform } = setUp();
    send("m v=1 1", "m v=2 2\nm v=3 3\n", "m v=4 4");
    assert.deepEqual(bodies(), ["m v=1 1\nm v=2 2\nm v=3 3\n"]);
    await platform.clock.advance(0);
    const { received, forwarded, waiting, lines } = udp.stats();
    assert.deepEqual(
      { received, forwarded, waiting, lines },
      { received: 3, forwarded: 2, waiting: 1, lines: 4 },
    );
  });

  it("puts one newline between two datagrams, whether the first ends in one or not", () => {
    const { send, bodies } = setUp();
    send("m v=1 1\n", "m v=2 2", "m v=3 3\n");
    assert.deepEqual(bodies(), ["m v=1 1\nm v=2 2\nm v=3 3\n"]);
  });

  it("counts neither comments nor blank lines", () => {
    const { send, bodies } = setUp();
    send("# m v=1\n\nm v=1 1", "\nm v=2 2");
    assert.deepEqual(bodies(), []);
    send("m v=3 3");
    assert.equal(bodies().length, 1);
  });

  it("posts when the first line of the batch is as old as the batch timeout", async () => {
    const { send, bodies, platform } = setUp();
    send("m v=1 1");
    await platform.clock.advance(600);
    send("m v=2 2");
    await platform.clock.advance(399);
    assert.deepEqual(bodies(), []);
    await platform.clock.advance(1);
    assert.deepEqual(bodies(), ["m v=1 1\nm v=2 2"]);
    send("m v=3 3");
    await platform.clock.advance(999);
    assert.equal(bodies().length, 1);
    await platform.clock.advance(1);
    assert.equal(bodies().length, 2);
    assert.equal(platform.clock.pending, 0);
  });

  it("a full batch does not leave its timer to the next one", async () => {
    const { send, bodies, platform } = setUp({ batchSize: 2 });
    send("m v=1 1");
    await platform.clock.advance(900);
    send("m v=2 2", "m v=3 3");
    await platform.clock.advance(999);
    assert.equal(bodies().length, 1);
    await platform.clock.advance(1);
    assert.equal(bodies().length, 2);
  });

  it("posts a batch of a megabyte before it has its lines", () => {
    const { send, bodies } = setUp({ batchSize: 5_000 });
    const datagram = `m s="${"x".repeat(60_000)}" 1`;
    send(...new Array<string>(18).fill(datagram));
    assert.equal(bodies().length, 1);
    assert.ok((bodies()[0] as string).length <= 1024 * 1024);
  });

  it("writes to the listener's database, always kept, with no credentials", () => {
    const { send, posted } = setUp({ precision: "ms", batchSize: 1 });
    send("m v=1 1");
    assert.deepEqual(posted[0], {
      destination: { db: "telegraf", rp: "short", precision: "ms", credentials: undefined },
      body: bytes("m v=1 1"),
      lines: 1,
      hasLines: true,
      closed: true,
      source: "udp-1",
      keep: "always",
      consistency: "one",
    });
  });

  it("stamps on arrival, once for each datagram, in the listener's precision", async () => {
    const nano = setUp({ batchSize: 10 });
    nano.send("m v=1\nm v=2 7\nm,a=b v=3");
    await nano.platform.clock.advance(500);
    nano.send("m v=4");
    nano.udp.flush();
    const seconds = setUp({ batchSize: 1, precision: "s" });
    seconds.send("m v=1");
    assert.deepEqual(nano.bodies(), [`m v=1 ${NOW_NS}\nm v=2 7\nm,a=b v=3 ${NOW_NS}\nm v=4 ${NOW_NS + 1n}`]);
    assert.deepEqual(seconds.bodies(), [`m v=1 ${NOW_NS / 1_000_000_000n}`]);
  });

  it("sends a datagram with an open end alone, in its place", () => {
    const { send, bodies, udp, posted } = setUp({ batchSize: 10 });
    send("m v=1 1", 'm s="open', "m v=2 2", "# comment \\", "m v=3 3 \\");
    udp.flush();
    assert.deepEqual(bodies(), ["m v=1 1", 'm s="open', "m v=2 2", "m v=3 3 \\"]);
    assert.deepEqual(
      posted.map(({ closed }) => closed),
      [true, false, true, false],
    );
  });

  it("does not wait for the answer to one batch before it posts the next", () => {
    const { send, bodies } = setUp({ batchSize: 1, hold: true });
    send("m v=1 1", "m v=2 2", "m v=3 3");
    assert.deepEqual(bodies(), ["m v=1 1", "m v=2 2", "m v=3 3"]);
  });

  it("joined batches hold the points of the datagrams, in their order", () => {
    const name = fc.constantFrom("m", "m\\ x", "m\\,y", '"m', "m\\\\");
    const field = fc.oneof(
      fc.constantFrom("v=1", "v=-1i", "v=t", 's=""', 's="a\\"b"', 's="a\\\\"', 's="two\nlines"', "s\\=t=1"),
      fc.constantFrom('s="open', "v", "v=1\\", "", 'v=1"', "#"),
    );
    const time = fc.constantFrom("", " 1", " -5", " 17x", " 9 ", "\r");
    const line = fc.oneof(
      fc.tuple(name, field, time).map(([key, value, at]) => `${key} ${value}${at}`),
      fc.constantFrom("", "# x", '# x v="', "#\\", " ", "\\"),
    );
    const datagram = fc
      .tuple(fc.array(line, { maxLength: 4 }), fc.constantFrom("", "\n", "\n\n", "\r\n"))
      .map(([lines, end]) => lines.join("\n") + end);
    fc.assert(
      fc.property(
        fc.array(datagram, { maxLength: 12 }),
        fc.integer({ min: 1, max: 20 }),
        (datagrams, batchSize) => {
          const alone: string[] = [];
          // A clock of its own for each side gives both the same times.
          const single = setUp({ batchSize: 1 });
          const joined = setUp({ batchSize });
          for (const each of datagrams) {
            single.send(each);
            joined.send(each);
          }
          for (const body of single.posted) alone.push(...pointLines(body.body));
          joined.udp.flush();
          assert.deepEqual(
            joined.posted.flatMap(({ body }) => pointLines(body)),
            alone,
          );
          assertBalanced(joined.udp.stats());
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The lines as InfluxDB takes them apart, without comments and blank ones. */
function pointLines(body: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < body.length; ) {
    const end = scanLine(body, start);
    const line = text(body.subarray(start, end)).replace(/^[ \t]+/, "");
    if (line !== "" && !line.startsWith("#")) lines.push(line);
    start = end + 1;
  }
  return lines;
}

describe("UDP to HTTP: what is not forwarded", () => {
  it("drops empty datagrams, comments and what cannot hold a point, and keeps the books", async () => {
    const { send, bodies, udp, platform } = setUp({ batchSize: 1 });
    send("", "\n \n", "# a=b", "hello world", "\u0000\u0000\u0000\u000bhost=a", "m v=1 1", "m v=1\u0000");
    await platform.clock.advance(0);
    assert.deepEqual(bodies(), ["m v=1 1"]);
    const stats = udp.stats();
    assert.deepEqual(stats.dropped, { empty: 3, "not-line-protocol": 3, "queue-full": 0, stopped: 0 });
    assert.equal(stats.forwarded, 1);
    assertBalanced(stats);
  });

  it("takes strings with control characters, as InfluxDB does", () => {
    const { send, bodies } = setUp({ batchSize: 1 });
    const colour = 'log line="\u001b[31mred\u001b[0m\u0007" 1';
    send(colour);
    assert.deepEqual(bodies(), [colour]);
  });

  it("says so once in ten seconds, with a count and without the bytes", async () => {
    const { send, platform } = setUp();
    for (let second = 0; second <= 10; second++) {
      send(...new Array<string>(100).fill("\u0000canary"));
      await platform.clock.advance(1_000);
    }
    assert.deepEqual(
      platform.logged.map(({ event, fields }) => ({ event, ...fields })),
      [
        { event: "datagram-dropped", listener: "udp-1", reason: "not-line-protocol" },
        { event: "datagram-dropped", listener: "udp-1", reason: "not-line-protocol", repeated: 999 },
      ],
    );
  });

  it("a bad line does not cost the lines beside it", () => {
    const { send, bodies } = setUp({ batchSize: 4 });
    send("m v=1 1\nthis is no=point at all\nm v=2 2", "m v=3 3");
    assert.deepEqual(bodies(), ["m v=1 1\nthis is no=point at all\nm v=2 2\nm v=3 3"]);
  });

  it("keeps at most 64 MB without an answer, drops the rest, counts it and goes on when there is room", async () => {
    const { send, udp, platform, answer } = setUp({ batchSize: 1, hold: true });
    const datagram = `m,t=${"x".repeat(60_000)} v=1 1`;
    const fit = Math.floor((64 * 1024 * 1024) / datagram.length);
    send(...new Array<string>(fit + 100).fill(datagram));
    const full = udp.stats();
    assert.equal(full.dropped["queue-full"], 100);
    assert.equal(full.waiting, fit);
    assert.ok(full.waitingBytes <= 64 * 1024 * 1024);
    assertBalanced(full);
    assert.equal(platform.logged.filter(({ fields }) => fields["reason"] === "queue-full").length, 1);
    await answer(reply("stored", 204));
    send(datagram, datagram);
    const after = udp.stats();
    assert.deepEqual([after.forwarded, after.waiting, after.dropped["queue-full"]], [1, fit, 101]);
    assertBalanced(after);
  });

  it("a flood of mixed datagrams leaves none unaccounted for", async () => {
    const { send, udp, platform } = setUp({ batchSize: 50 });
    const kinds = ["m v=1", "", "junk", "\u0000", 'm s="open', "m v=1 1\nm v=2 2\n", "#"];
    for (let i = 0; i < 20_000; i++) send(kinds[i % kinds.length] as string);
    assertBalanced(udp.stats());
    await udp.stop();
    await platform.clock.advance(0);
    const stats = udp.stats();
    assert.equal(stats.received, 20_000);
    assert.deepEqual([stats.waiting, stats.waitingBytes], [0, 0]);
    assertBalanced(stats);
  });
});

describe("UDP to HTTP: answers", () => {
  it("tells InfluxDB's own words when it rejects a batch, counts the batch, and goes on", async () => {
    const { send, udp, platform, answer, bodies } = setUp({ batchSize: 1, hold: true });
    send("m v=bad 1", "m v=bad 2", "m v=3 3");
    const words = "unable to parse 'm v=bad 1': invalid boolean";
    await answer(reply("rejected", 400, words));
    await answer(reply("rejected", 400, words));
    await answer(reply("stored", 204));
    assert.equal(bodies().length, 3);
    const { forwarded, batches } = udp.stats();
    assert.equal(forwarded, 3);
    assert.deepEqual(batches, { stored: 1, rejected: 2, "not-ready": 0, overloaded: 0, unreachable: 0 });
    assert.deepEqual(platform.logged, [
      {
        level: "warn",
        event: "udp-batch-rejected",
        fields: { listener: "udp-1", kind: "rejected", status: 400, error: words },
      },
    ]);
  });

  it("takes the words from the body where there is no header, and cuts them", async () => {
    const { send, platform, answer } = setUp({ batchSize: 1, hold: true });
    send("m v=1 1");
    await answer({ ...reply("rejected", 400), body: bytes("e".repeat(5_000)) });
    assert.equal(platform.logged[0]?.fields["error"], "e".repeat(300));
  });

  it("tells when nobody stored a batch", async () => {
    const { send, udp, platform, answer } = setUp({ batchSize: 1, hold: true });
    send("m v=1 1");
    await answer(reply("unreachable", 0, "refused"));
    assert.equal(udp.stats().batches.unreachable, 1);
    assert.equal(platform.logged[0]?.event, "udp-batch-not-stored");
  });
});

describe("UDP to HTTP: stop", () => {
  it("posts what was collected and waits for the answers; what comes later is counted", async () => {
    const { send, udp, platform, answer, bodies } = setUp({ hold: true });
    send("m v=1 1");
    let stopped = false;
    const stopping = udp.stop().then(() => {
      stopped = true;
    });
    assert.deepEqual(bodies(), ["m v=1 1"]);
    await platform.clock.advance(0);
    assert.equal(stopped, false);
    await answer(reply("stored", 204));
    await stopping;
    send("m v=2 2");
    assert.equal(udp.stats().dropped.stopped, 1);
    assert.equal(platform.clock.pending, 0);
    assertBalanced(udp.stats());
  });
});
