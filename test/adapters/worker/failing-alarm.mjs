// The relay, with objects whose alarms fail seven times before they work.
import relay, { SpoolObject as RelayObject } from "../../../adapters/worker.ts";

let failures = 7;

export class SpoolObject extends RelayObject {
  async deliver(periodMs) {
    if (failures-- > 0) throw new Error("no");
    await super.deliver(periodMs);
  }
}

export default relay;
