import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpoolFacts } from "../../src/spool/log.ts";

/** Facts under test. */
export interface OpenFacts {
  readonly facts: SpoolFacts;
  /** Closes them and opens them again; absent where they end with the process. */
  readonly reopen?: () => Promise<SpoolFacts>;
  readonly close?: () => Promise<void>;
}

/**
 * What all {@link SpoolFacts} must do.
 * @param open opens them empty, and such that a value becomes safe without a step of a virtual clock.
 */
export function testSpoolFacts(name: string, open: () => Promise<OpenFacts>): void {
  const check = (title: string, run: (opened: OpenFacts) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const opened = await open();
      try {
        await run(opened);
      } finally {
        await opened.close?.();
      }
    });

  check("there is nothing at first, and nothing is missing", async ({ facts, reopen }) => {
    assert.equal(facts.intact, true);
    assert.equal(facts.get("cursor"), undefined);
    assert.equal(facts.get("toString"), undefined);
    await facts.close();
    if (reopen !== undefined) assert.equal((await reopen()).intact, true);
  });

  check("values come back as JSON has them, by name", async ({ facts, reopen }) => {
    const values: readonly [name: string, value: unknown][] = [
      ["number", 2 ** 53 - 1],
      ["", "empty name"],
      ["Größe \"'\n/數據 🕰", { text: 'Ü\n"\u0000', list: [1.5, [], null, { a: true }] }],
      ["__proto__", ["p"]],
      ["null", null],
      ["large", "x".repeat(300_000)],
    ];
    for (const [key, value] of values) await facts.set(key, value);
    await facts.set("undefined", { left: undefined, list: [undefined] });
    await facts.set("nothing", undefined);
    const read = (from: SpoolFacts) => {
      for (const [key, value] of values) assert.deepEqual(from.get(key), value);
      assert.deepEqual(from.get("undefined"), { list: [null] });
      assert.equal(from.get("nothing"), null);
    };
    read(facts);
    if (reopen !== undefined) read(await reopen());
  });

  check("a value is the one that was set, whatever becomes of the object", async ({ facts, reopen }) => {
    const value = { list: [1] };
    const setting = facts.set("a", value);
    value.list.push(2);
    await setting;
    (facts.get("a") as typeof value).list.push(3);
    assert.deepEqual(facts.get("a"), { list: [1] });
    if (reopen !== undefined) assert.deepEqual((await reopen()).get("a"), { list: [1] });
  });

  check("the last of many values set at once is the one that stays", async ({ facts, reopen }) => {
    const waiting: Promise<void>[] = [];
    for (let index = 0; index < 500; index++) waiting.push(facts.set(`name ${index % 7}`, index));
    await Promise.all(waiting);
    for (let index = 500; index < 520; index++) await facts.set(`name ${index % 7}`, index);
    const expected = [518, 519, 513, 514, 515, 516, 517];
    const read = (from: SpoolFacts) => expected.map((_, index) => from.get(`name ${index}`));
    assert.deepEqual(read(facts), expected);
    if (reopen !== undefined) assert.deepEqual(read(await reopen()), expected);
  });

  check("they go on after they were opened again", async ({ facts, reopen }) => {
    await facts.set("a", 1);
    await facts.set("b", 1);
    if (reopen === undefined) return;
    const again = await reopen();
    await again.set("a", 2);
    const last = await reopen();
    assert.deepEqual([last.intact, last.get("a"), last.get("b")], [true, 2, 1]);
  });

  check("what is being set when they are closed is set", async ({ facts, reopen }) => {
    const setting = facts.set("a", 1);
    await facts.close();
    await setting;
    await facts.close();
    if (reopen !== undefined) assert.equal((await reopen()).get("a"), 1);
  });
}
