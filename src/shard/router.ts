import type { Reply, Write, Writer } from "../writer.ts";
import { joinReplies } from "./joined-reply.ts";
import type { Part, Splitter } from "./splitter.ts";

/** What a shard was sent since it is in the config. Each only grows. */
export interface ShardCounters {
  /** Writes, or parts of them. */
  writes: number;
  lines: number;
  bytes: number;
}

/** Where the writes of one shard go. */
export interface RoutedShard {
  readonly name: string;
  readonly writer: Writer;
  readonly counters: ShardCounters;
}

/** Divides each write by the keys of its points, and tells the client what the shards together came to. */
export class ShardRouter implements Writer {
  readonly #splitter: Splitter;
  readonly #shards: readonly RoutedShard[];

  /** @param shards in the order of the map's. */
  constructor(splitter: Splitter, shards: readonly RoutedShard[]) {
    this.#splitter = splitter;
    this.#shards = shards;
  }

  post(write: Write, signal: AbortSignal): Promise<Reply> {
    const parts = this.#splitter.split(write);
    const [only, ...others] = parts;
    // What was found out of the body is not kept with it.
    const rest = write.lineBounds === undefined ? write : { ...write, lineBounds: undefined };
    if (only !== undefined && others.length === 0) return this.#post(rest, only, signal);
    // Nothing that waits for the replies holds the whole body.
    const replies = parts.map((part) => {
      const { name } = this.#shards[part.shard] as RoutedShard;
      const { body, closed, lines } = part;
      return this.#post({ ...rest, body, closed, lines }, part, signal).then((reply) => ({
        shard: name,
        reply,
      }));
    });
    return Promise.all(replies).then(joinReplies);
  }

  #post(write: Write, { shard, lines }: Part, signal: AbortSignal): Promise<Reply> {
    const { writer, counters } = this.#shards[shard] as RoutedShard;
    counters.writes++;
    counters.lines += lines;
    counters.bytes += write.body.byteLength;
    return writer.post(write, signal);
  }
}
