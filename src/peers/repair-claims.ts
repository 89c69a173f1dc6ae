/** Who is about to repair a backend, or does. */
interface Claim {
  readonly holder: string;
  /** True once nobody can be let in before it any more. */
  settled: boolean;
}

/**
 * Which relay repairs which backend, as far as this one was told: each backend at most one, so that none copies what another
 * one is copying. Backends are known by the names of their outputs.
 */
export class RepairClaims {
  /** Of this run of the relay. */
  readonly id: string;
  readonly #claims = new Map<string, Claim>();

  constructor(id: string) {
    this.id = id;
  }

  /** Who repairs a backend now, or is about to. */
  holderOf(backend: string): string | undefined {
    return this.#claims.get(backend)?.holder;
  }

  /**
   * The wish of this relay to repair a backend; undefined if another one does. While it asks its peers, one of them that
   * asks for the same and comes first by its id is let in before it: one of the two gives way, and never both.
   */
  wish(backend: string): OwnClaim | undefined {
    if (this.#claims.has(backend)) return undefined;
    const claim: Claim = { holder: this.id, settled: false };
    this.#claims.set(backend, claim);
    return {
      settle: () => {
        claim.settled = this.#claims.get(backend) === claim;
        return claim.settled;
      },
      end: () => this.#end(backend, claim),
    };
  }

  /** The wish of a peer. Returns how it ends, or undefined if the peer has to wait. */
  grant(backend: string, holder: string): (() => void) | undefined {
    // A relay that names itself as a peer does not have to wait for itself.
    if (holder === this.id) return () => {};
    const known = this.#claims.get(backend);
    const first = known === undefined || known.holder === holder;
    const before = known?.holder === this.id && !known.settled && holder < this.id;
    if (!first && !before) return undefined;
    const claim: Claim = { holder, settled: true };
    this.#claims.set(backend, claim);
    return () => this.#end(backend, claim);
  }

  #end(backend: string, claim: Claim): void {
    if (this.#claims.get(backend) === claim) this.#claims.delete(backend);
  }
}

export interface OwnClaim {
  /** True if nobody was let in before it; from then on nobody is. */
  settle(): boolean;
  end(): void;
}
