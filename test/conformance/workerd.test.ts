import { conformance } from "./suite.ts";
import { workerdLauncher } from "./workerd-launcher.ts";

conformance(workerdLauncher);
