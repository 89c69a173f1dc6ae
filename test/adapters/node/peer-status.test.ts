import assert from "node:assert/strict";
import { test } from "node:test";
import { peerSections } from "../../../adapters/node/peer-status.ts";
import type { Status } from "../../../src/observe/status-schema.ts";

const of = (problems: Status["peers"][number]["problems"]) =>
  peerSections({ peers: [{ name: "r1:9097", reachable: true, maps: {}, problems }] } as unknown as Status);

test("status says what is wrong with another relay, and what to do; nothing if nothing is", () => {
  assert.deepEqual(of([]), []);
  assert.deepEqual(
    of([{ severity: "alarm", kind: "other-map", what: "it\u001b differs", next: "make it equal" }]),
    ["Other relays\n  r1:9097: alarm: it\\u001b differs\n    -> make it equal\n"],
  );
});
