import type { Acceptance } from "./replica.ts";

/** A change for which a backend has no room: it was answered at once. */
export class RefusedChange implements Acceptance {
  readonly behind = false;
  readonly #lost: () => void;
  #isDecided = false;

  /** `lost` is called if the backend should have got it. */
  constructor(lost: () => void) {
    this.#lost = lost;
  }

  place(): void {}
  expire(): void {}
  diverged(): void {}

  keep(): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#lost();
  }

  drop(): void {
    this.#isDecided = true;
  }
}
