import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { escapeReferences, replaceVariables } from "../../src/config/replace-variables.ts";
import { source } from "./support.ts";

const from = source(
  { HOST: "influx", PORT: "8086", EMPTY: "", NESTED: `\${HOST} $\${HOST}` },
  { "/run/token": "secret\n", "crlf.txt": "a\r\nb\r\n", "two.txt": "x\n\n" },
);
const replace = (text: string) => {
  const { value, findings } = replaceVariables({ a: [text] }, from);
  assert.deepEqual(findings, []);
  return (value as { a: string[] }).a[0];
};

test("variables and files are put in, several to a text", () => {
  assert.equal(replace(`http://\${HOST}:\${PORT}/write\${EMPTY}`), "http://influx:8086/write");
  assert.equal(replace(`Token \${file:/run/token}!`), "Token secret!");
});

test("a file loses one newline at its end", () => {
  assert.equal(replace(`\${file:crlf.txt}`), "a\r\nb");
  assert.equal(replace(`\${file:two.txt}`), "x\n");
});

test("a doubled dollar stands for itself, and what was put in is not read again", () => {
  assert.equal(replace(`$\${HOST}`), `\${HOST}`);
  assert.equal(replace(`$$\${HOST} $5 $$ {}`), `$\${HOST} $5 $$ {}`);
  assert.equal(replace(`\${NESTED}`), `\${HOST} $\${HOST}`);
});

test("keys and values that are no text stay as they are", () => {
  const tree = { [`\${HOST}`]: [1, true, null, new Date(0)] };
  assert.deepEqual(replaceVariables(tree, from).value, tree);
});

test("each reference that leads nowhere is a finding at its place", () => {
  const { findings } = replaceVariables({ a: [`\${NO} \${file:no}`, `\${a-b}`], b: { c: "${" } }, from);
  const malformed = `has a "\${" that begins neither \${NAME} nor \${file:PATH}; write "$\${" for a literal "\${"`;
  assert.deepEqual(findings, [
    { keys: ["a", 0], message: "the environment variable NO is not set" },
    { keys: ["a", 0], message: 'cannot read the file "no": no such file' },
    { keys: ["a", 1], message: malformed },
    { keys: ["b", "c"], message: malformed },
  ]);
});

test("an escaped text comes out as it was", () => {
  const text = fc.array(fc.constantFrom("$", "{", "}", "HOST", "file:", "x")).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(replace(escapeReferences(value)), value);
    }),
    { numRuns: 2_000 },
  );
});
