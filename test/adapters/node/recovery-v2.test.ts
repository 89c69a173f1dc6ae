import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecoveryCommand } from "../../real/recovery-command.ts";

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
