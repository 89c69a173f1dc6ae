import { processLauncher } from "./process-launcher.ts";
import { conformance } from "./suite.ts";

conformance(processLauncher("deno"));
