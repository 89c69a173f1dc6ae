import { choice, duration, flag, neededText, secretKey, table, wholeNumber } from "./options.ts";

/** `[spool]`: how what backends lack is kept on disk. */
export const spoolSchema = table({
  dir: neededText("Directory for what servers lack; on Cloudflare Workers any name."),
  fsync: choice(
    "When what is stored here survives a power cut: always, before it counts as stored; interval, soon after; never, when the system likes.",
    ["always", "interval", "never"],
    "interval",
  ),
  "fsync-interval": duration({
    about: 'The longest time between two syncs with fsync = "interval".',
    fallback: "100ms",
    max: "1h",
  }),
  grace: duration({
    about:
      "How long the other servers may take once the first one stored a write, before it is stored here for them.",
    fallback: "10ms",
    min: "0s",
    max: "10s",
  }),
  "max-size-mb": wholeNumber({
    about: "How much is kept for one server.",
    unit: "MiB",
    fallback: 10_240,
    min: 8,
    max: 1_048_576,
  }),
  "max-records": wholeNumber({
    about: "How many writes are kept for one server.",
    unit: "records",
    fallback: 100_000_000,
    min: 1,
    max: 10_000_000_000,
  }),
  "max-age": duration({
    about: "How long a write is kept; only time in which the relay runs counts.",
    fallback: "168h",
    max: "87600h",
  }),
  "when-full": choice(
    "What gives way when max-size-mb or max-records is reached: drop-oldest, that server's oldest writes, whose range is remembered for recovery; refuse, new writes.",
    ["drop-oldest", "refuse"],
    "drop-oldest",
  ),
  "hold-max-size-mb": wholeNumber({
    about: "How much is kept for one server of databases that it lacks, or does not let the relay write to.",
    unit: "MiB",
    fallback: 1024,
    min: 8,
    max: 1_048_576,
  }),
  "dead-letter-max-mb": wholeNumber({
    about: "How much is kept of what one server rejected while another stored it, or was given up for it.",
    unit: "MiB",
    fallback: 64,
    min: 8,
    max: 1_048_576,
  }),
  "poison-after": duration({
    about:
      "A write is given up when a server has answered it alone with the same 5xx for so long, while it took others.",
    fallback: "10m",
    max: "87600h",
  }),
  "store-credentials": flag(
    "Stores the credentials that clients send, encrypted; without it, writes that come with any are kept in memory only.",
  ),
  "credentials-key": secretKey("Encrypts stored credentials; needed with store-credentials."),
});
