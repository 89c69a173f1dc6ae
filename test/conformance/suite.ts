import { describe } from "node:test";
import { bodies, LIMITED } from "./bodies.ts";
import { buffering, EAGER, joining } from "./buffering.ts";
import { ALL, allOfTwo, consistencyOne, QUORUM, quorumOfThree } from "./consistency.ts";
import { clientCredentials, GUARDED, guarded } from "./credentials.ts";
import { destinations } from "./destinations.ts";
import { endpoints } from "./endpoints.ts";
import type { Launcher } from "./launcher.ts";
import { outputOptions, WITH_OPTIONS } from "./outputs.ts";
import { FIRST, queries, RESTRICTED, restricted } from "./queries.ts";
import { IMPATIENT, replies } from "./replies.ts";
import { scene } from "./scene.ts";
import { SHARDED, sharded } from "./shards.ts";

/**
 * The black-box suite over HTTP that every runtime passes; what a runtime lacks is skipped with the reason. Each scene
 * is one relay.
 */
export function conformance(launcher: Launcher): void {
  const { runtime, spool } = launcher;
  describe(`a relay on ${runtime}${spool ? " with a spool" : ""}`, () => {
    scene(launcher, "with defaults", {}, (test) => {
      endpoints(test, runtime);
      destinations(test, runtime);
      clientCredentials(test);
      joining(test, runtime);
    });
    scene(launcher, "with options of its outputs", WITH_OPTIONS, outputOptions);
    scene(launcher, "with a limit for bodies", LIMITED, bodies);
    scene(launcher, "with a short timeout", IMPATIENT, (test) => replies(test, runtime));
    scene(launcher, "that tries again soon", EAGER, (test) => {
      buffering(test, launcher);
      consistencyOne(test);
    });
    scene(launcher, "with consistency all", ALL, allOfTwo);
    scene(launcher, "with consistency quorum", QUORUM, quorumOfThree);
    scene(launcher, "that is asked", FIRST, (test) => queries(test, runtime));
    scene(launcher, "that takes only some statements", RESTRICTED, restricted);
    scene(launcher, "with auth", GUARDED, guarded);
    scene(launcher, "with shards", SHARDED, sharded);
  });
}
