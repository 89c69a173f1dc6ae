import { MemoryFacts } from "../../src/spool/memory-facts.ts";
import { testSpoolFacts } from "./facts-conformance.ts";

testSpoolFacts("memory facts", async () => ({ facts: new MemoryFacts() }));
