import assert from "node:assert/strict";
import { assertError, firstWrite, type SceneOptions, type SceneTest, writesTo } from "./scene.ts";

const basic = (pair: string) => `Basic ${btoa(pair)}`;
const LINE = "m v=1 1";

/** For {@link guarded}. */
export const GUARDED: SceneOptions = {
  listener: { auth: [{ username: "root", password: "pw" }, { token: "s3cret" }] },
};

/** What a client shows goes on to the backends, where the listener and the outputs have nothing of their own. */
export function clientCredentials(test: SceneTest): void {
  const cases: [string, string, Record<string, string>, string | undefined][] = [
    ["none", "", {}, undefined],
    ["Basic", "", { Authorization: basic("u:p") }, basic("u:p")],
    ["in the query", "&u=u&p=p%26%3d", {}, basic("u:p&=")],
    ["in the query, before the header's", "&u=u&p=p", { Authorization: basic("x:y") }, basic("u:p")],
    ["half of them in the query", "&u=u", { Authorization: basic("x:y") }, basic("x:y")],
    ["Token user:password of 1.8", "", { Authorization: "Token u:p" }, basic("u:p")],
    ["a token of 2.x", "", { Authorization: "Token abc==" }, "Token abc=="],
    ["a JWT", "", { Authorization: "Bearer a.b.c" }, "Bearer a.b.c"],
  ];
  for (const [name, query, headers, expected] of cases) {
    test(`go on to every backend: ${name}`, async ({ backends, send, newDb }) => {
      const db = newDb();
      assert.equal((await send(`/write?db=${db}${query}`, { body: LINE, headers })).status, 204);
      for (const backend of backends) {
        const { headers, parameters } = await firstWrite(backend, db);
        assert.equal(headers.authorization, expected);
        assert.deepEqual([...parameters.keys()], ["db"]);
      }
    });
  }
}

/** A listener with `auth`. */
export function guarded(test: SceneTest): void {
  const accepted: [string, string, Record<string, string>][] = [
    ["Basic", "", { Authorization: basic("root:pw") }],
    ["basic in another case", "", { Authorization: `basic ${btoa("root:pw")}` }],
    ["in the query", "&u=root&p=pw", {}],
    ["Token user:password", "", { Authorization: "Token root:pw" }],
    ["a token", "", { Authorization: "Token s3cret" }],
    ["a bearer token", "", { Authorization: "Bearer s3cret" }],
  ];
  for (const [name, query, headers] of accepted) {
    test(`takes ${name}, and does not pass it on`, async ({ a, send, newDb }) => {
      const db = newDb();
      assert.equal((await send(`/write?db=${db}${query}`, { body: LINE, headers })).status, 204);
      assert.equal((await firstWrite(a, db)).headers.authorization, undefined);
    });
  }

  const refused: [string, string, Record<string, string>, string][] = [
    ["none", "", {}, "unable to parse authentication credentials"],
    ["a wrong password", "", { Authorization: basic("root:wrong") }, "authorization failed"],
    ["an unknown user", "&u=nobody&p=pw", {}, "authorization failed"],
    ["a wrong token", "", { Authorization: "Token s3cres" }, "authorization failed"],
    ["an unknown scheme", "", { Authorization: "Digest x" }, "unable to parse authentication credentials"],
    ["no Base64", "", { Authorization: "Basic %%" }, "unable to parse authentication credentials"],
  ];
  for (const [name, query, headers, message] of refused) {
    test(`answers ${name} with InfluxDB's 401`, async ({ a, send, newDb }) => {
      const db = newDb();
      const answer = await send(`/write?db=${db}${query}`, { body: LINE, headers });
      assertError(answer, 401, message);
      assert.equal(answer.headers["www-authenticate"], 'Basic realm="InfluxDB"');
      assert.equal(answer.headers["x-influxdb-error"], undefined);
      assert.equal(writesTo(a, db).length, 0);
    });
  }

  test("lets everybody ping", async ({ send }) => {
    assert.equal((await send("/ping")).status, 204);
  });

  test("logs no secret", ({ relay }) => {
    assert.doesNotMatch(JSON.stringify(relay.log()), /pw|s3cre|wrong/);
  });
}
