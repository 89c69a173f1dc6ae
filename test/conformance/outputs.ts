import assert from "node:assert/strict";
import { firstWrite, type SceneOptions, type SceneTest } from "./scene.ts";

const LINE = "m v=1 1";

/** For {@link outputOptions}. */
export const WITH_OPTIONS: SceneOptions = {
  listener: { auth: "none", "default-retention-policy": "autogen" },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the config
  outputs: [{ username: "relay", password: "${RELAY_PASSWORD}", gzip: true }, { token: "t0ken" }],
  env: { RELAY_PASSWORD: "p:w" },
};

/** What the config says about requests to backends. */
export function outputOptions(test: SceneTest): void {
  test("are used instead of the client's", async ({ a, b, send, newDb }) => {
    const db = newDb();
    await send(`/write?db=${db}&u=u&p=p`, { body: LINE, headers: { Authorization: "Token client" } });
    assert.equal((await firstWrite(a, db)).headers.authorization, `Basic ${btoa("relay:p:w")}`);
    assert.equal((await firstWrite(b, db)).headers.authorization, "Token t0ken");
  });

  test("are nowhere to be seen", async ({ send }) => {
    assert.doesNotMatch((await send("/status")).text, /p:w|t0ken/);
  });

  test("gets large bodies compressed, and small ones as they are", async ({ a, send, newDb }) => {
    const [large, small] = [newDb(), newDb()];
    const body = "m v=1 1\n".repeat(500);
    await send(`/write?db=${large}`, { body });
    const packed = await firstWrite(a, large);
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.equal(packed.text, body);
    assert.ok(packed.body.length < 500);
    await send(`/write?db=${small}`, { body: "m v=1 1" });
    assert.equal((await firstWrite(a, small)).headers["content-encoding"], undefined);
  });

  test("names it where the request names none", async ({ a, send, newDb }) => {
    const db = newDb();
    await send(`/write?db=${db}`, { body: "m v=1 1" });
    assert.equal((await firstWrite(a, db)).parameters.get("rp"), "autogen");
  });
}
