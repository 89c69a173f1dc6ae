/** The least that a relay on this stack could do: reads the body and answers 204. On Node and on Workers. */
import { Hono } from "hono";

const app = new Hono();
app.post("/write", async (c) => {
  await c.req.arrayBuffer();
  return c.body(null, 204);
});

export default app;
