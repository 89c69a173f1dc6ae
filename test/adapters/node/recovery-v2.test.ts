import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecoveryCommand } from "../../real/recovery-command.ts";
import { startFaultyInfluxdb } from "../../support/faulty-influxdb.ts";

test("a server of the 2.x kind is neither compared nor recovered, nor copied from", async () => {
  // Nobody listens there.
  const location = 'location = "http://127.0.0.1:1"';
  const command = createRecoveryCommand(`[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
output = [
  { name = "a", ${location} },
  { name = "b", ${location}, kind = "v2", org = "acme", token = "t" },
]
`);
  try {
    for (const [option, name, args] of [
      ["to", "b", ["compare", "--from", "a", "--to", "b"]],
      ["from", "b", ["compare", "--from", "b", "--to", "a"]],
      ["backend", "b", ["recover", "--backend", "b"]],
      ["from", "b", ["recover", "--backend", "a", "--from", "b"]],
    ] as const) {
      const { code, stderr } = await command.run(...args);
      assert.deepEqual(
        [code, stderr.split("\n", 1)[0]],
        [2, `--${option} ${name}: it is of kind "v2", whose data cannot be compared or copied here`],
      );
    }
    const { code, stderr } = await command.run("recover", "--backend", "a");
    assert.deepEqual([code, stderr.trim()], [1, "no replica of a answers that it could be copied from"]);
  } finally {
    command.close();
  }
});

test("where data is of shards is asked of servers of the 1.x kind only", async (t) => {
  const v1 = await startFaultyInfluxdb({ databases: ["demo"] });
  t.after(() => v1.close());
  const v2 = `location = "${v1.url}", kind = "v2", org = "acme", token = "t"`;
  const command = createRecoveryCommand(`[[http]]
name = "main"
bind-addr = "127.0.0.1:0"
shard-by = "db"
[[http.shard]]
name = "s1"
output = [{ name = "b", ${v2} }, { name = "a", location = "${v1.url}/write" }]
[[http.shard]]
name = "s2"
output = [{ name = "c", ${v2.replace("127.0.0.1", "127.0.0.2")} }]
`);
  t.after(() => command.close());
  const from = await command.run("shards", "preview", "--from", "b");
  assert.deepEqual(
    [from.code, from.stderr],
    [2, '--from b: it is of kind "v2", which cannot be asked what it has\n'],
  );
  for (const action of ["preview", "check"]) {
    const { code, stderr } = await command.run("shards", action);
    const message = 'all outputs of shard s2 are of kind "v2", which cannot be asked what they have\n';
    assert.deepEqual([code, stderr], [2, message], action);
  }
});
