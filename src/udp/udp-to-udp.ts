import type { DatagramSender } from "../platform.ts";
import { splitLines } from "../write/split.ts";
import { type Dropped, Intake, type IntakeOptions } from "./intake.ts";

/** An output whose kernel does not take this many bytes is given no more: the runtime would queue without bound. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

export interface UdpOutput {
  readonly name: string;
  /** Largest payload of a datagram, in bytes. */
  readonly mtu: number;
  readonly sender: DatagramSender;
}

export interface UdpToUdpOptions extends IntakeOptions {
  readonly outputs: readonly UdpOutput[];
}

export interface UdpOutputStats {
  readonly name: string;
  /** Datagrams that the kernel took. */
  readonly sent: number;
  /** Datagrams that it refused, or that the receiver was not there for. */
  readonly failed: number;
  /** Datagrams dropped because too many bytes were waiting to be sent. */
  readonly queueFull: number;
  /** Lines dropped because each alone is longer than the output's mtu. */
  readonly tooLong: number;
}

/** At any time `received` is `forwarded` plus the sum of `dropped`. */
export interface UdpToUdpStats {
  /** Datagrams. */
  readonly received: number;
  /** Datagrams given to the outputs; what became of them there is counted there. */
  readonly forwarded: number;
  readonly dropped: Dropped;
  /** Lines taken in. */
  readonly lines: number;
  readonly outputs: readonly UdpOutputStats[];
}

export interface UdpToUdp {
  onDatagram(bytes: Uint8Array): void;
  stats(): UdpToUdpStats;
  /** Waits until what was received has been sent, and closes the outputs. */
  stop(): Promise<void>;
}

/**
 * Sends each datagram on to every output, cut between lines where it is larger than the output's mtu. An output that
 * fails does not hold up the others, and a line that is too long costs only itself.
 */
export function createUdpToUdp(options: UdpToUdpOptions): UdpToUdp {
  const intake = new Intake(options);
  const outputs = options.outputs.map((output) => new Output(output, options));
  let forwarded = 0;
  let lines = 0;
  let stopped = false;
  return {
    onDatagram(bytes) {
      const arrival = intake.take(bytes);
      if (arrival === undefined) return;
      if (stopped) {
        intake.drop("stopped");
        return;
      }
      forwarded++;
      lines += arrival.lines;
      for (const output of outputs) output.forward(arrival.body);
    },
    stats: () => ({
      received: intake.received,
      forwarded,
      dropped: intake.dropped(),
      lines,
      outputs: outputs.map((output) => output.stats()),
    }),
    async stop() {
      stopped = true;
      await Promise.all(outputs.map((output) => output.stop()));
    },
  };
}

class Output {
  readonly #output: UdpOutput;
  readonly #options: IntakeOptions;
  readonly #unsent = new Set<Promise<void>>();
  #unsentBytes = 0;
  #sent = 0;
  #failed = 0;
  #queueFull = 0;
  #tooLong = 0;

  constructor(output: UdpOutput, options: IntakeOptions) {
    this.#output = output;
    this.#options = options;
  }

  forward(body: Uint8Array): void {
    const { mtu } = this.#output;
    for (const part of splitLines(body, mtu)) {
      if (part.byteLength > mtu) {
        this.#tooLong++;
        this.#report("udp-line-too-long", { bytes: part.byteLength, mtu });
      } else if (this.#unsentBytes + part.byteLength > MAX_UNSENT_BYTES) {
        this.#queueFull++;
        this.#report("udp-send-queue-full", {});
      } else if (part.byteLength > 0) {
        const sending = this.#send(part);
        this.#unsent.add(sending);
        void sending.finally(() => this.#unsent.delete(sending));
      }
    }
  }

  stats(): UdpOutputStats {
    return {
      name: this.#output.name,
      sent: this.#sent,
      failed: this.#failed,
      queueFull: this.#queueFull,
      tooLong: this.#tooLong,
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#unsent);
    await this.#output.sender.close();
  }

  async #send(part: Uint8Array): Promise<void> {
    this.#unsentBytes += part.byteLength;
    try {
      await this.#output.sender.send(part);
      this.#sent++;
    } catch (error) {
      this.#failed++;
      this.#report("udp-send-failed", { error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#unsentBytes -= part.byteLength;
    }
  }

  #report(event: string, fields: Readonly<Record<string, string | number>>): void {
    const { name, log } = this.#options;
    const output = this.#output.name;
    log.throttled("warn", event, { listener: name, output, ...fields }, `${event} ${name} ${output}`);
  }
}
