import { conformance } from "./suite.ts";
import { workerdSpoolLauncher } from "./workerd-launcher.ts";

conformance(workerdSpoolLauncher);
