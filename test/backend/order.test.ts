import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TransportError } from "../../src/errors.ts";
import { httpAnswer, type SentRequest } from "../support/test-platform.ts";
import { createReplicaSet } from "./replica-set.ts";

type Weather = "up" | "refused" | "busy" | "broken" | "hung" | "lost-answer";

/** A server that stores each body it takes, and behaves as the weather says. */
class Server {
  weather: Weather = "up";
  readonly stored: string[] = [];

  answer(request: SentRequest) {
    if (this.weather === "refused") throw new TransportError("refused", false, "refused");
    if (this.weather === "hung") return new Promise<never>(() => {});
    if (request.path.startsWith("/ping")) return httpAnswer(204);
    if (this.weather === "busy") return httpAnswer(503, "", { "retry-after": "1" });
    if (this.weather === "broken") return httpAnswer(500, "disk full");
    this.stored.push(...request.text.trimEnd().split("\n"));
    if (this.weather === "lost-answer") throw new TransportError("reset", true, "reset");
    return httpAnswer(204);
  }
}

const numberIn = (body: string) => Number(/v=(\d+)/.exec(body)?.[1]);

type Step =
  | { kind: "write" }
  | { kind: "weather"; server: number; weather: Weather }
  | { kind: "wait"; ms: number };

const weather = fc.constantFrom<Weather>("up", "up", "refused", "busy", "broken", "hung", "lost-answer");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("weather" as const), server: fc.nat(1), weather }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 15_000 }) }),
  },
);

const to = (server: number, weather: Weather): Step => ({ kind: "weather", server, weather });
const write: Step = { kind: "write" };
const wait = (ms: number): Step => ({ kind: "wait", ms });

/** Sequences that once failed: lanes that waited for ever for a backend that was back, or sent the same twice at once. */
const ONCE_FAILED: Step[][] = [
  [to(1, "broken"), to(0, "hung"), write, to(1, "refused"), wait(8_738), write, write, wait(1_262)],
  [
    to(1, "refused"),
    to(0, "hung"),
    write,
    write,
    to(0, "broken"),
    wait(8_761),
    write,
    to(1, "up"),
    wait(1_239),
    write,
  ],
  [
    to(1, "lost-answer"),
    to(0, "hung"),
    write,
    write,
    write,
    to(0, "broken"),
    wait(10_000),
    to(0, "up"),
    write,
  ],
  [to(1, "hung"), to(0, "lost-answer"), write, to(1, "broken"), write, wait(997), write, write, wait(9_003)],
];

test("whatever the backends do: nothing acknowledged is lost, and the last value is the last acknowledged one everywhere", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.integer(), async (steps, seed) => {
      const servers = [new Server(), new Server()] as const;
      const { clock, post, backends } = createReplicaSet(
        (request) => (request.origin === "http://a" ? servers[0] : servers[1]).answer(request),
        { seed },
      );
      const acknowledged: string[] = [];
      let value = 0;
      for (const action of steps) {
        if (action.kind === "write") {
          const body = `m v=${value++} 1`;
          void post(body).then(({ status }) => {
            if (status === 204) acknowledged.push(body);
          });
          await clock.advance(0);
        } else if (action.kind === "weather") {
          (servers[action.server] as Server).weather = action.weather;
        } else {
          await clock.advance(action.ms);
        }
      }
      for (const server of servers) server.weather = "up";
      await clock.advance(120_000);
      for (const backend of backends) {
        assert.deepEqual(backend.status().backlog, { records: 0, bytes: 0 }, "everything kept was delivered");
        assert.equal(backend.status().lanes, 0);
        assert.deepEqual(backend.status().held, []);
      }
      // Answers may arrive in another order than the writes were accepted in.
      const inOrder = acknowledged.toSorted((a, b) => numberIn(a) - numberIn(b));
      for (const server of servers) {
        const delivered = new Set(server.stored);
        for (const body of acknowledged) assert.ok(delivered.has(body), `${body} is missing`);
        // In one lane, in order: of two acknowledged writes the later one was stored last.
        const last = inOrder.map((body) => server.stored.lastIndexOf(body));
        assert.deepEqual(
          last,
          last.toSorted((a, b) => a - b),
          "stored in the order of acceptance",
        );
      }
    }),
    { numRuns: 150, examples: ONCE_FAILED.map((steps) => [steps, 0]) },
  );
});
