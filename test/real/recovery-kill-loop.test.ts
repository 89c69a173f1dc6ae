import { testKills } from "./recovery-kill-loop.ts";

testKills(3);
