// The relay, with a monotonic clock that runs five hundred times as fast.
import relay, { SpoolObject } from "../../../adapters/worker.ts";

const now = performance.now.bind(performance);
const start = now();
performance.now = () => start + (now() - start) * 500;

export { SpoolObject };
export default relay;
