import assert from "node:assert/strict";
import type { RelayControl } from "../../src/recovery/control.ts";
import type { RealInfluxdb } from "../support/real-influxdb.ts";

/** Writes to two servers as a relay does: each gets them in order, one at a time, and can be held. */
export interface SmallRelay {
  readonly control: RelayControl;
  /** What was asked of it, oldest first. */
  readonly asked: readonly string[];
  /** Resolves when the first server has stored it; the second one gets it in its turn. */
  write(db: string, lines: string): Promise<void>;
  /** Resolves when both have everything. */
  settled(): Promise<void>;
}

/** @param names Of the servers, for its control. */
export function startSmallRelay(servers: Readonly<Record<string, RealInfluxdb>>): SmallRelay {
  const lanes = new Map(Object.entries(servers).map(([name, server]) => [name, new Lane(server)]));
  const lane = (name: string): Lane => {
    const found = lanes.get(name);
    assert.ok(found, `no server ${name}`);
    return found;
  };
  const asked: string[] = [];
  return {
    asked,
    control: {
      drain: async (name) => void asked.push(`drain ${name}`),
      resume: async (name) => void asked.push(`resume ${name}`),
      hold: async (name, db, rp) => {
        asked.push(`hold ${name} ${db} ${rp}`);
        const release = await lane(name).hold();
        return async () => {
          asked.push(`release ${name} ${db} ${rp}`);
          release();
        };
      },
      answered: (name) => lane(name).answered(),
      suspects: async () => [],
      repaired: async () => {},
    },
    write: async (db, lines) => {
      const [first] = [...lanes.values()].map((each) => each.add(db, lines));
      await first;
    },
    settled: async () => {
      await Promise.all([...lanes.values()].map((each) => each.answered()));
    },
  };
}

class Lane {
  readonly #server: RealInfluxdb;
  /** Everything that was accepted. */
  #tail: Promise<void> = Promise.resolve();
  #inFlight: Promise<void> = Promise.resolve();
  /** Resolves when nobody holds the lane. */
  #free: Promise<void> = Promise.resolve();

  constructor(server: RealInfluxdb) {
    this.#server = server;
  }

  add(db: string, lines: string): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      for (let free: Promise<void> | undefined; free !== this.#free; await free) free = this.#free;
      this.#inFlight = this.#post(db, lines);
      await this.#inFlight;
    });
    return this.#tail;
  }

  async #post(db: string, lines: string): Promise<void> {
    const answer = await this.#server.write(db, lines);
    assert.equal(answer.status, 204, await answer.text());
  }

  /** Resolves when everything that was accepted before has been answered. */
  async answered(): Promise<void> {
    await this.#tail;
  }

  /** Resolves when nothing is in flight, and nothing will be until the returned function is called. */
  async hold(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#free;
    this.#free = Promise.all([before, promise]).then(() => {});
    await before;
    await this.#inFlight;
    return resolve;
  }
}
