import assert from "node:assert/strict";
import { Agent, request } from "undici";
import type { ServedBy } from "../../examples/ha/site.ts";
import { withLimit } from "../support/wait.ts";

export const DB = "ha";
export const MEASUREMENT = "seen";
/** Longer than the balancer and a relay may take for an answer, with retries. */
const HUNG_MS = 40_000;
/** A reader looks at so many of the last points that its client was told are stored. */
const WINDOW = 200;
/** Between two requests of one loop: the machine has more to do. */
const PAUSE_MS = 50;

/** One point that was acknowledged: its value, which is also its time, and the relay that did it. */
interface Acknowledged {
  readonly value: number;
  readonly by: ServedBy;
}

export interface Client {
  readonly number: number;
  readonly acknowledged: readonly Acknowledged[];
  readonly queries: number;
}

/** Clients that write and read all the time, each from an address of its own. */
export interface Clients {
  readonly all: readonly Client[];
  /** How many queries each answered. */
  readonly answers: Readonly<Record<ServedBy, number>>;
  /** Answers that a relay marked as older than what it acknowledged. */
  readonly stale: number;
  /** Answers that broke off in the middle, as the client saw. */
  readonly brokenOff: number;
  /** Waits until each client was told of writes and had queries answered that it began after this call. */
  everyoneGoesOn(): Promise<void>;
  /** Waits for `holds`. @throws at once what a client found wrong. */
  until(holds: () => boolean | Promise<boolean>, what: string, limitMs: number): Promise<void>;
  /** @throws what one of them found wrong. */
  stop(): Promise<void>;
}

export interface ClientsOptions {
  readonly url: string;
  readonly count: number;
  /** By the value of X-Served-By. */
  servedBy(header: string): ServedBy;
}

/** A body, or why there is none: its end did not come. */
type Body = { readonly text: string } | { readonly brokenOff: true };

export function startClients({ url, count, servedBy }: ClientsOptions): Clients {
  const answers = { a: 0, b: 0, "relay-1": 0, "relay-2": 0 };
  let stale = 0;
  let brokenOff = 0;
  let running = true;
  let problem: unknown;
  const fail = (error: unknown) => {
    problem ??= error;
  };

  function startClient(number: number) {
    const agent = new Agent({ connect: { localAddress: `127.0.1.${number}` }, connections: 4 });
    const client = { number, acknowledged: [] as Acknowledged[], queries: 0 };

    async function ask(path: string, options: { method: "GET" | "POST"; body?: string; type?: string }) {
      const { method, body, type } = options;
      const response = await request(url + path, {
        dispatcher: agent,
        method,
        ...(body === undefined ? {} : { body }),
        ...(type === undefined ? {} : { headers: { "content-type": type } }),
      });
      const read: Body = await response.body.text().then(
        (text) => ({ text }),
        () => ({ brokenOff: true }) as const,
      );
      const header = (name: string) => String(response.headers[name] ?? "");
      return { status: response.statusCode, header, body: read };
    }

    async function write(value: number): Promise<void> {
      const line = `${MEASUREMENT},client=${number} v=${value} ${value}`;
      const answer = await ask(`/write?db=${DB}`, { method: "POST", body: line });
      const told = "text" in answer.body ? answer.body.text : "broken off";
      assert.equal(answer.status, 204, `${line}: ${told}`);
      client.acknowledged.push({ value, by: servedBy(answer.header("x-served-by")) });
    }

    async function read(times: number): Promise<void> {
      const before = client.acknowledged.slice(-WINDOW);
      const from = before[0]?.value ?? 0;
      const q = `SELECT v FROM ${MEASUREMENT} WHERE client = '${number}' AND time >= ${from}`;
      const parameters = `db=${DB}&epoch=ns`;
      // Some programs post their queries.
      const answer =
        times % 4 === 0
          ? await ask(`/query?${parameters}`, {
              method: "POST",
              body: new URLSearchParams({ q }).toString(),
              type: "application/x-www-form-urlencoded",
            })
          : await ask(`/query?${parameters}&${new URLSearchParams({ q })}`, { method: "GET" });
      if (!("text" in answer.body)) {
        brokenOff++;
        return;
      }
      const { text } = answer.body;
      assert.equal(answer.status, 200, `${q}: ${text}`);
      const by = servedBy(answer.header("x-served-by"));
      const values = valuesIn(text);
      answers[by]++;
      client.queries++;
      if (answer.header("x-relay-stale") !== "") {
        stale++;
        return;
      }
      // A relay answers for what it acknowledged itself; of an InfluxDB that gets queries all relays said it has everything.
      const promised = before.filter((point) => !by.startsWith("relay") || point.by === by);
      const missing = promised.filter(({ value }) => !values.has(value));
      assert.equal(
        missing.length,
        0,
        `${by} lacks ${JSON.stringify(missing.slice(0, 5))} of client ${number}`,
      );
    }

    async function loop(step: (times: number) => Promise<void>, name: string): Promise<void> {
      for (let times = 1; running && problem === undefined; times++) {
        try {
          await withLimit(step(times), `${name} of client ${number}`, HUNG_MS);
        } catch (error) {
          fail(new Error(`${name} of client ${number}: ${error}`, { cause: error }));
        }
        await pause(PAUSE_MS);
      }
    }

    const ended = Promise.all([loop(write, "a write"), loop(read, "a query")]).then(() => agent.destroy());
    return { client, ended };
  }

  const started = Array.from({ length: count }, (_, i) => startClient(i + 1));
  const all = started.map(({ client }) => client);

  const until = async (holds: () => boolean | Promise<boolean>, what: string, limitMs: number) => {
    const end = performance.now() + limitMs;
    while (problem === undefined && !(await holds())) {
      assert.ok(performance.now() < end, `gave up after ${limitMs} ms: ${what}`);
      await pause(10);
    }
    if (problem !== undefined) throw problem;
  };

  return {
    all,
    answers,
    get stale() {
      return stale;
    },
    get brokenOff() {
      return brokenOff;
    },
    until,
    everyoneGoesOn: async () => {
      // The second one began after this call.
      const enough = all.map(({ acknowledged, queries }) => [acknowledged.length + 2, queries + 2] as const);
      const goesOn = () =>
        all.every(({ acknowledged, queries }, i) => {
          const [writesDone = 0, queriesDone = 0] = enough[i] ?? [];
          return acknowledged.length >= writesDone && queries >= queriesDone;
        });
      await until(goesOn, "writes and queries of every client", HUNG_MS);
    },
    stop: async () => {
      running = false;
      await Promise.all(started.map(({ ended }) => ended));
      if (problem !== undefined) throw problem;
    },
  };
}

function valuesIn(text: string): Set<number> {
  const { results, error } = JSON.parse(text) as {
    error?: string;
    results?: { error?: string; series?: { values: [number, number][] }[] }[];
  };
  const problem = error ?? results?.[0]?.error;
  if (problem !== undefined) throw new Error(problem);
  return new Set(results?.[0]?.series?.[0]?.values.map(([, value]) => value));
}

/** Nothing that was acknowledged may be missing, and nobody may have what nobody wrote. */
export function checkPoints(clients: Clients, server: string, points: readonly string[]): void {
  const stored = new Set(points);
  const lines = clients.all.flatMap(({ number, acknowledged }) =>
    acknowledged.map(({ value }) => `${MEASUREMENT},client=${number} v=${value} ${value}`),
  );
  const missing = lines.filter((line) => !stored.has(line));
  assert.equal(missing.length, 0, `${server} lacks ${missing.length}: ${missing.slice(0, 5)}`);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
