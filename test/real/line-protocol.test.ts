import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parsePoints } from "../../src/write/points.ts";
import { stamp } from "../../src/write/stamp.ts";
import type { RealInfluxdb } from "../support/real-influxdb.ts";
import { requireReal } from "../support/require-real.ts";
import {
  type Answer,
  eventually,
  type ReplicaSet,
  startReplicaSet,
  write,
  writeInOrder,
} from "./replica-set.ts";

const RUNS = 15;
const SEED = 20_261_122;
/** Bodies of one run, written at the same time to one database, so that the relay joins them. */
const BODIES = 10;

const PIECES = [
  ...["m", ",", " ", "=", '"', "\\", "\n", "\t", "#", "1", "-", "i", "é", "世界", "😀", "\r\n", ' "', "=t"],
  ...[
    ' s="a b"',
    ' s="a\nb"',
    " v=1",
    " v=1i",
    " v=1 5",
    ",w=2",
    ",t=a",
    " 5",
    " -9",
    "\\ ",
    '\\"',
    "\\,",
    "\\=",
    "\\\\",
  ],
];
const LINES = [
  "m v=1 5",
  "m,t=a v=1i",
  "m,t=é v=2.5e3 7",
  'm s="a\nb" 7',
  'm s="line\\nfeed \\"quoted\\" \\\\ 世界" -3',
  "m,b=1,a=2 v=t,w=F -9",
  "m,b=1,b=2 v=1 1",
  "m v=1,v=2 1500000000000000000",
  "# note",
  "  # indented, 'quoted'",
  "m v=1",
  " m v=1,w=2  ",
  "m\\ x,t\\,=\\= f\\ g=1 1",
  'm v="open',
  'm v="x"\r',
  "m v=1 5\r",
  "m v= 1",
  "m",
  ",t=a v=1 1",
  "m v=1 17x",
  "m v=1 9223372036854775807",
  "m,t= v=1 1",
  'm v=1i,w=-0.5,x=true,y="" 3',
  "m\\",
  "",
  "\t",
];

const piece = fc.constantFrom(...PIECES);
const line = fc.constantFrom(...LINES);
const damaged = fc.tuple(line, fc.nat(), piece, fc.boolean()).map(([whole, at, put, cut]) => {
  const index = at % (whole.length + 1);
  return whole.slice(0, index) + put + whole.slice(index + (cut ? 1 : 0));
});
const mere = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(""));
const anyLine = fc.oneof({ weight: 3, arbitrary: line }, { weight: 3, arbitrary: damaged }, mere);
const ending = fc.constantFrom("", "\n", "\n\n", "\\", "\\\n", '\\"', "\r\n");
const anyBody = fc.record({
  text: fc.tuple(fc.array(anyLine, { maxLength: 6 }), ending).map(([all, end]) => all.join("\n") + end),
  gzip: fc.boolean(),
  precision: fc.constantFrom("", "", "", "", "s", "ms", "u"),
});

interface Body {
  readonly text: string;
  readonly gzip: boolean;
  readonly precision: string;
}

/**
 * Gives the measurement of each line a name of its own body, wherever InfluxDB may take the line to begin. So the
 * points of bodies that are written at the same time do not meet, and who comes last makes no difference.
 */
function apart(text: string, name: string): string {
  return text.replace(/(^|\n)([ \t]*)(?![ \t\r\n#,]|$)/g, `$1$2${name}`);
}

/** Times that a server gave are of today; all others of these tests are not. */
function withoutServerTimes(lines: readonly string[]): string[] {
  return lines.map((text) => text.replace(/ (1[6-9]\d{17})$/, (_, ns) => (isRecent(ns) ? " now" : ` ${ns}`)));
}

const isRecent = (ns: string) => Math.abs(Number(BigInt(ns) / 1_000_000n) - Date.now()) < 7_200_000;

describe("line protocol through the relay", { skip: requireReal("influxd") }, () => {
  let set: ReplicaSet;
  let url: string;
  let databases = 0;

  before(async () => {
    set = await startReplicaSet();
    url = set.relay.url("main");
  });
  after(() => set?.close());

  async function newDatabase(): Promise<string> {
    const db = `db${databases++}`;
    await Promise.all(set.servers.map((server) => server.query(`CREATE DATABASE ${db}`)));
    return db;
  }

  /** Once both replicas have this last write, all before it are done. */
  async function finish(db: string): Promise<void> {
    for (const target of [url, set.oracle.url])
      assert.equal((await write(target, db, "done v=1 1")).status, 204);
    const done = (server: RealInfluxdb) => server.points(db, { measurements: ["done"] });
    for (const server of [set.a, set.b])
      await eventually(() => done(server), ["done v=1 1"], "the last write");
  }

  /** What the oracle has, and that both replicas have the same. */
  async function compare(db: string): Promise<void> {
    await finish(db);
    const [a, b, oracle] = await Promise.all(set.servers.map((server) => server.points(db)));
    assert.deepEqual(withoutServerTimes(a ?? []), withoutServerTimes(oracle ?? []), "a and the oracle");
    assert.deepEqual(b, a, "the replicas");
  }

  function send(target: string, db: string, { text, gzip, precision }: Body): Promise<Answer> {
    const parameters = precision === "" ? {} : { precision };
    return gzip
      ? write(target, db, gzipSync(text), parameters, { "content-encoding": "gzip" })
      : write(target, db, text, parameters);
  }

  test("is answered and stored as by InfluxDB, also when bodies are joined", async () => {
    const bodies = fc.array(anyBody, { minLength: BODIES, maxLength: BODIES });
    await fc.assert(
      fc.asyncProperty(bodies, async (generated) => {
        const db = await newDatabase();
        const written = generated
          .map((body, i) => ({ ...body, text: apart(body.text, `b${i}_`) }))
          .filter(({ text }) => !cannotBeStamped(text));
        const ours = await Promise.all(written.map((body) => send(url, db, body)));
        for (const [i, body] of written.entries()) {
          const right = await send(set.oracle.url, db, body);
          const said = (answer: Answer | undefined) => [
            answer?.status,
            isTimed(body.text) ? answer?.body : "",
          ];
          assert.deepEqual(said(ours[i]), said(right), JSON.stringify(body));
        }
        await compare(db);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  });

  describe("a body that ends inside a string, a comment or after a backslash", () => {
    const OPEN = ["# note\\", '# x v="oops', "m\\", 'm v="abc', 'm v=1 1\n# "\\', "m,t=a\\"];
    const CLIENT = "cpu,host=b v=1 5";

    for (const open of OPEN) {
      for (const bodies of [
        [open, CLIENT],
        [CLIENT, open, CLIENT.replace("cpu", "mem")],
        [open, '# say "', CLIENT],
      ]) {
        test(`swallows nothing of what waits behind it: ${JSON.stringify(bodies)}`, async () => {
          const db = await newDatabase();
          const sent = ["first v=1 1", ...bodies];
          for (const body of sent) await write(set.oracle.url, db, body);
          const answers = await writeInOrder(set, db, sent);
          assert.equal(answers.at(-1)?.status, 204);
          await compare(db);
          assert.ok((await set.b.points(db)).includes(bodies.at(-1) ?? ""));
        });
      }
    }
  });
});

/** InfluxDB's words quote a line as it came to it: with the relay's time if it had none. */
function isTimed(text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  return stamp(bytes, "1").body === bytes;
}

/**
 * A line without a time that InfluxDB stores, damaged, and that the relay has refused, because it cannot stamp it: one
 * with a newline that only a quote in its key hides.
 */
function cannotBeStamped(text: string): boolean {
  const stamped = stamp(new TextEncoder().encode(text), STAMP).body;
  return parsePoints(stamped, "n", 0n).errors.some((error) => error.endsWith("point is invalid"));
}

const STAMP = "31415926";
