import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "hono";
import { parseConfig } from "../../src/config/parse.ts";
import { TransportError } from "../../src/errors.ts";
import { seriesName } from "../../src/observe/exposition.ts";
import { familiesOf } from "../../src/observe/metrics.ts";
import { Relay } from "../../src/relay.ts";
import { source } from "../config/support.ts";
import { createTestPlatform, httpAnswer } from "../support/test-platform.ts";

const signal = new AbortController().signal;
const WRITE = {
  destination: { db: "d", rp: "", precision: "", credentials: undefined },
  body: new TextEncoder().encode("m v=1 1\nm v=2 2"),
  lines: 2,
  hasLines: true,
  closed: true,
  source: "",
  keep: "acknowledged",
  consistency: "one",
} as const;

const config = parseConfig(
  `[[http]]
name = "main"
bind-addr = "127.0.0.1:1"
output = [
  { name = "a", location = "http://a:8086/write" },
  { name = "b", location = "http://b:8086/write" },
]`,
  source(),
);

/** A relay of which `b` is down, as long as `down` says so. */
async function scene() {
  const state = { down: true };
  const platform = createTestPlatform({
    http: ({ origin }) => {
      if (state.down && origin.includes("//b")) throw new TransportError("refused", false, "refused");
      return httpAnswer(204);
    },
  });
  const relay = await Relay.open(config, platform);
  const { writer } = relay.listener("main");
  return {
    ...{ state, platform, relay },
    post: () => writer({} as Context).post(WRITE, signal),
    /** The value of one series, as `name{label="value"}` without what all names begin with. */
    value(series: string): number | undefined {
      const all = familiesOf(relay.figures()).flatMap((family) =>
        family.samples.map((sample) => [seriesName(family, sample), sample.value] as const),
      );
      const found = all.find(([name]) => name === `influxdb_relay_${series}`)?.[1];
      assert.notEqual(typeof found, "object");
      return found as number | undefined;
    },
  };
}

test("what a backend lacks, how old it is and what became of it is told", async () => {
  const { state, platform, value, post } = await scene();
  await post();
  await platform.clock.advance(5_000);
  await post();
  for (const backend of ["a", "b"]) {
    assert.equal(value(`backend_writes_total{backend="${backend}"}`), 2);
    assert.equal(value(`backend_lines_total{backend="${backend}"}`), 4);
    assert.equal(value(`backend_bytes_total{backend="${backend}"}`), 30);
  }
  assert.equal(value('backend_requests_total{backend="a",outcome="stored"}'), 2);
  assert.equal(value('backend_up{backend="b"}'), 0);
  assert.equal(value('backend_waiting_writes{backend="b"}'), 2);
  assert.equal(value('backend_deepest_lane_writes{backend="b"}'), 2);
  assert.equal(value('backend_kept_writes_total{backend="b"}'), 2);
  assert.equal(value('spool_records{backend="b",log="main"}'), 2);
  assert.equal(value('spool_oldest_age_seconds{backend="b",log="main"}'), 5);
  assert.equal(value('spool_oldest_age_seconds{backend="a",log="main"}'), undefined);
  state.down = false;
  await platform.clock.advance(60_000);
  assert.equal(value('backend_up{backend="b"}'), 1);
  assert.equal(value('backend_delivered_writes_total{backend="b"}'), 2);
  assert.equal(value('backend_retries_total{backend="b"}'), 1);
  assert.equal(value('spool_records{backend="b",log="main"}'), 0);
  assert.equal(value('spool_oldest_age_seconds{backend="b",log="main"}'), undefined);
});

test("how many writes shared a request is told, with its size and its time", async () => {
  const { platform, relay, post } = await scene();
  await Promise.all([post(), post(), post()]);
  await platform.clock.advance(0);
  const a = relay.figures().backends.find(({ name }) => name === "a");
  assert.deepEqual([a?.order?.joined.sum, a?.order?.requestBytes.sum], [3, 45]);
  assert.equal(a?.order?.joined.counts[2], 1, "3 writes are in the bucket up to 4");
  assert.equal(a?.requestSeconds.counts[0], 1);
});

test("writes that had to be dropped are told with the reason", async () => {
  const { relay, value } = await scene();
  const b = relay.backends().find(({ name }) => name === "b");
  b?.handoff.lose(WRITE, "too-old", 3);
  b?.handoff.damaged(2);
  assert.equal(value('backend_lost_writes_total{backend="b",reason="too-old"}'), 3);
  assert.equal(value('backend_lost_writes_total{backend="b",reason="damaged"}'), 2);
  assert.equal(value('backend_lost_writes_total{backend="b",reason="buffer-full"}'), 0);
});
