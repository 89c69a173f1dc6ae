import * as v from "valibot";
import { parseLocation } from "./location.ts";
import { bindAddress, info, table, text, token } from "./options.ts";

/** Each is asked every few seconds. */
const MAX_PEERS = 32;
const PEER_FORM = 'the URL of a relay\'s admin listener such as "http://10.0.0.2:9097"';
const PEERS_FORM = `a list of at most ${MAX_PEERS} URLs such as "http://10.0.0.2:9097"`;

/** `http://host:port` of another relay's admin listener. */
const peer = v.pipe(
  v.string(`must be ${PEER_FORM}`),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const location = parseLocation(dataset.value);
    if ("problem" in location) {
      const { problem } = location;
      addIssue({ message: problem.includes("credentials") ? CREDENTIALS : `must be ${PEER_FORM}` });
      return NEVER;
    }
    if (!/^https?:\/\/[^/]+\/?$/i.test(dataset.value)) {
      addIssue({ message: "must not have a path: the relay asks for its own ones" });
      return NEVER;
    }
    return location.origin;
  }),
);
const CREDENTIALS = "must not hold credentials: use the key peer-token";

/** `[admin]`: where the relay takes commands, and which relays it asks itself. */
export const adminSchema = table({
  "bind-addr": bindAddress("TCP address on which the relay takes commands.", '"127.0.0.1:9097"'),
  token: token("Who has it may command the relay; needed unless the address is a loopback one."),
  peers: v.pipe(
    v.optional(
      v.pipe(v.array(peer, `must be ${PEERS_FORM}`), v.maxLength(MAX_PEERS, `must be ${PEERS_FORM}`)),
      [],
    ),
    info({
      about:
        "The admin listeners of the other relays that share servers with this one: they are asked for their maps of the shards, and before a server is repaired. Outputs must have the same names at all of them.",
      form: PEERS_FORM,
      fallback: "[]",
    }),
  ),
  "peer-token": token("The token of the peers.", "the own token"),
  "peer-ca": text(
    "PEM file with the authorities that the peers' certificates are checked against.",
    "the system's",
  ),
});
