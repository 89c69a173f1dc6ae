import { test } from "node:test";
import { requireReal } from "../support/require-real.ts";
import { killRounds } from "./worker-kills.ts";

test("no acknowledged point is lost when workerd is killed with a backlog", {
  skip: requireReal("influxd"),
}, async (t) => {
  t.diagnostic(`${await killRounds(3, 400)} points`);
});
