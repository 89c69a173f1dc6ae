import { MemoryStore } from "../../src/spool/memory-store.ts";
import { testStore } from "./conformance.ts";

testStore("memory", () => new MemoryStore());
