import assert from "node:assert/strict";
import test from "node:test";
import { problemsOf, source } from "./support.ts";

/** Right in all but what a case adds: lines of a listener, keys of an output, a URL. */
const RIGHT = '{ name = "right", location = "http://127.0.0.1:8086/write" }';
const http = (lines: string, address = "127.0.0.1:9096") =>
  `[[http]]\nbind-addr = "${address}"\n${lines}\noutput = [${RIGHT}]\n`;
const output = (keys: string, address = "127.0.0.1:9096") =>
  `[[http]]\nbind-addr = "${address}"\noutput = [${RIGHT}, { location = "http://b:8086", ${keys} }]\n`;
const location = (url: string) =>
  `[[http]]\nbind-addr = "127.0.0.1:9096"\noutput = [${RIGHT}, { location = "${url}" }]\n`;
const udp = (lines: string) => `${http('name = "main"')}[[udp]]\nbind-addr = "127.0.0.1:9096"\n${lines}\n`;

const spool = (lines: string) => `[spool]\n${lines}\n${http("")}`;

const DIR = 'dir = "spool"\n';
const KEY_FORM = '32 bytes in base64 (44 characters), as "openssl rand -base64 32" makes them';
const URL_FORM = 'must be an http:// or https:// URL such as "http://127.0.0.1:8086/write"';
const BIND_FORM = 'host:port such as "127.0.0.1:9096" or ":9096", with a port from 0 to 65535';
const LINK_LOCAL = "must not be a link-local address (169.254.0.0/16, fe80::/10)";
const AUTH_FORM = 'must be a list of { username, password } or { token } tables, or "none"';

const WRONG: readonly (readonly [name: string, text: string, ...problems: string[]])[] = [
  ["nothing at all", "", "has no listener: add an [[http]] or a [[udp]] entry"],
  [
    "[http] for [[http]]",
    '[http]\nname = "a"',
    "http: must be a list of tables: write [[http]], found a table",
  ],
  [
    "an unknown key",
    output("bufer-size-mb = 1"),
    'http[0].output[1]: unknown key "bufer-size-mb"; did you mean "buffer-size-mb"?',
  ],
  [
    "an underscore for a dash",
    http('default_retention_policy = "x"'),
    'http[0]: unknown key "default_retention_policy"; did you mean "default-retention-policy"?',
  ],
  [
    "a key that is near none",
    `retries = 3\n${http("")}`,
    'unknown key "retries"; known here: shutdown-timeout, log, spool, admin, recovery, http, udp',
  ],
  [
    "a duration of nothing",
    output('timeout = "0s"'),
    'http[0].output[1].timeout: must be a duration from 1ms to 24h, such as "10s", found "0s"',
  ],
  [
    "a duration beyond its bound",
    http('request-timeout = "25h"'),
    'http[0].request-timeout: must be a duration from 1ms to 24h, such as "30s", found "25h"',
  ],
  [
    "a negative duration",
    output('max-delay-interval = "-1s"'),
    'http[0].output[1].max-delay-interval: must be a duration from 1ms to 24h, such as "10s", found "-1s"',
  ],
  [
    "a number for a duration",
    output("timeout = 10"),
    'http[0].output[1].timeout: must be a duration from 1ms to 24h, such as "10s", found 10',
  ],
  [
    "an empty duration of a new key",
    `shutdown-timeout = ""\n${http("")}`,
    'shutdown-timeout: must be a duration from 1ms to 24h, such as "10s", found ""',
  ],
  [
    "a size below its bound",
    output("buffer-size-mb = -1"),
    "http[0].output[1].buffer-size-mb: must be a whole number from 0 to 1048576 (MiB), found -1",
  ],
  [
    "a fraction",
    http("max-connections = 1.5"),
    "http[0].max-connections: must be a whole number from 1 to 1000000 (connections), found 1.5",
  ],
  [
    "a size as text",
    output('max-batch-kb = "50"'),
    'http[0].output[1].max-batch-kb: must be a whole number from 0 to 1048576 (KiB), found "50"',
  ],
  [
    "a text for a boolean",
    output('skip-tls-verification = "yes"'),
    'http[0].output[1].skip-tls-verification: must be true or false, found "yes"',
  ],
  [
    "an unknown choice",
    http('consistency = "two"'),
    'http[0].consistency: must be one of "any", "one", "quorum", "all", found "two"',
  ],
  [
    "a mistyped statement",
    http('deny = ["drop  database", "DORP"]'),
    'http[0].deny[1]: must be a list of first words of statements, such as "DROP", "CREATE DATABASE" or "SELECT INTO", found "DORP"',
  ],
  [
    "an unknown log level",
    `[log]\nlevel = "trace"\n${http("")}`,
    'log.level: must be one of "debug", "info", "warn", "error", found "trace"',
  ],
  ["no address", `[[http]]\noutput = [${RIGHT}]`, `http[0].bind-addr: is missing; it must be ${BIND_FORM}`],
  [
    "an address without a port",
    http("", "127.0.0.1"),
    `http[0].bind-addr: must be ${BIND_FORM}, found "127.0.0.1"`,
  ],
  [
    "a port that does not exist",
    http("", ":65536"),
    `http[0].bind-addr: must be ${BIND_FORM}, found ":65536"`,
  ],
  [
    "an IPv6 address without brackets",
    http("", "::1:9096"),
    `http[0].bind-addr: must be ${BIND_FORM}, found "::1:9096"`,
  ],
  [
    "no outputs",
    '[[http]]\nbind-addr = ":1"\noutput = []',
    'http[0].output: must be a list of at least one table such as { name = "a", location = "http://127.0.0.1:8086/write" }, found a list',
  ],
  [
    "outputs forgotten",
    '[[http]]\nbind-addr = ":1"',
    'http[0].output: is missing; it must be a list of at least one table such as { name = "a", location = "http://127.0.0.1:8086/write" }, unless there are [[http.shard]] entries',
  ],
  [
    "an output without a location",
    '[[http]]\nbind-addr = ":1"\noutput = [{ name = "a" }]',
    `http[0].output[0].location: is missing; it ${URL_FORM}`,
  ],
  [
    "another scheme",
    location("udp://b:8089"),
    `http[0].output[1].location: ${URL_FORM}, found "udp://b:8089"`,
  ],
  ["no scheme", location("b:8086"), `http[0].output[1].location: ${URL_FORM}, found "b:8086"`],
  [
    "credentials in the location",
    location("http://user:geheim@b:8086/write"),
    "http[0].output[1].location: must not hold credentials: use the keys username and password",
  ],
  [
    "a query string",
    location("http://b:8086/write?p=geheim"),
    "http[0].output[1].location: must not have a query string",
  ],
  [
    "a fragment",
    location("http://b:8086/write#geheim"),
    "http[0].output[1].location: must not have a fragment",
  ],
  [
    "a cloud's metadata service",
    location("http://169.254.169.254/write"),
    `http[0].output[1].location: ${LINK_LOCAL}, found "http://169.254.169.254/write"`,
  ],
  [
    "the same, as one number",
    location("http://2852039166/write"),
    `http[0].output[1].location: ${LINK_LOCAL}, found "http://2852039166/write"`,
  ],
  [
    "the same, within IPv6",
    location("http://[::ffff:169.254.169.254]/write"),
    `http[0].output[1].location: ${LINK_LOCAL}, found "http://[::ffff:169.254.169.254]/write"`,
  ],
  [
    "a link-local IPv6 address",
    location("http://[febf::1]:8086/write"),
    `http[0].output[1].location: ${LINK_LOCAL}, found "http://[febf::1]:8086/write"`,
  ],
  [
    "the same name twice",
    http('name = "a"', ":1") + http('name = "a"', ":2"),
    'http[1].name: must be unique among listeners, but http[0] has the same name, found "a"',
  ],
  [
    "a default name taken",
    `${http('name = "udp-1"')}[[udp]]\nbind-addr = ":1"\noutput = [{ location = "a:1" }]`,
    "udp[0].name: must be unique among listeners, but http[0] has the same name",
  ],
  [
    "the same output name twice",
    output('name = "right"'),
    'http[0].output[1].name: must be unique among the listener\'s outputs, but http[0].output[0] has the same name, found "right"',
  ],
  [
    "the same address twice",
    http("") + http("", ":9096"),
    'http[1].bind-addr: must differ from the address of http[0], which takes the same port, found ":9096"',
  ],
  [
    "a cert without a key",
    '[[http]]\nbind-addr = ":1"\noutput = [{ location = "https://b", cert = "c.pem" }]',
    "http[0].output[0].cert: needs a key beside it",
  ],
  [
    "a key without a cert",
    '[[http]]\nbind-addr = ":1"\noutput = [{ location = "https://b", key = "k.pem" }]',
    "http[0].output[0].key: needs a cert beside it",
  ],
  [
    "a ca for plain http",
    output('ca = "ca.pem"'),
    "http[0].output[1].ca: has no effect with an http:// location; use https://",
  ],
  ["a username alone", output('username = "u"'), "http[0].output[1].username: needs a password beside it"],
  [
    "a password alone",
    output('password = "geheim"'),
    "http[0].output[1].password: needs a username beside it",
  ],
  [
    "a token beside a username",
    output('username = "u", token = "geheim"'),
    "http[0].output[1].token: must not stand beside username or password: use one or the other",
  ],
  [
    "a colon in a username",
    output('username = "u:geheim", password = "p"'),
    "http[0].output[1].username: must be a text without colons and control characters that is not empty",
  ],
  [
    "a token that no header can carry",
    output('token = "geheim\\n"'),
    "http[0].output[1].token: must be printable ASCII that is not empty and neither begins nor ends with a space",
  ],
  [
    "own credentials for whoever comes",
    output('token = "geheim"', ":9096"),
    'http[0].auth: is missing: http[0].output[1] has credentials of its own, and whoever reaches this listener, which is not on a loopback address, could use them; set auth, or auth = "none" to allow it',
  ],
  ["a password for auth", http('auth = "geheim"'), `http[0].auth: ${AUTH_FORM}`],
  ["no rules for auth", http("auth = []"), `http[0].auth: ${AUTH_FORM}`],
  ["an empty rule", http("auth = [{}]"), "http[0].auth[0]: must hold username and password, or token"],
  [
    "half a rule",
    http('auth = [{ username = "u" }]'),
    "http[0].auth[0].username: needs a password beside it",
  ],
  [
    "an empty token",
    http('auth = [{ token = "" }]'),
    "http[0].auth[0].token: must be printable ASCII that is not empty and neither begins nor ends with a space",
  ],
  ["a udp listener to nowhere", udp(""), "udp[0]: must have to (the name of an [[http]] listener) or output"],
  [
    "a udp listener both ways",
    udp('to = "main"\noutput = [{ location = "a:1" }]'),
    "udp[0]: must have to or output, not both",
  ],
  [
    "to nobody",
    udp('to = "mian"\ndatabase = "d"'),
    'udp[0].to: must be the name of an [[http]] listener; did you mean "main"?, found "mian"',
  ],
  ["to without a database", udp('to = "main"'), "udp[0].database: is missing; to needs it"],
  [
    "a batch of datagrams that are not batched",
    udp('output = [{ location = "a:1" }]\nbatch-size = 10'),
    "udp[0].batch-size: has no effect with output; it belongs to to",
  ],
  [
    "a udp precision that is none",
    udp('to = "main"\ndatabase = "d"\nprecision = "us"'),
    'udp[0].precision: must be one of "", "n", "ns", "u", "ms", "s", "m", "h", found "us"',
  ],
  [
    "a url for datagrams",
    udp('output = [{ location = "http://a:1" }]'),
    'udp[0].output[0].location: must be host:port such as "127.0.0.1:8089", with a port from 1 to 65535, found "http://a:1"',
  ],
  [
    "a datagram larger than any",
    udp('output = [{ location = "a:1", mtu = 65536 }]'),
    "udp[0].output[0].mtu: must be a whole number from 1 to 65535 (bytes), or 0 for the default 1024, found 65536",
  ],
  [
    "datagrams to a link-local address",
    udp('output = [{ location = "[fe80::1]:1" }]'),
    `udp[0].output[0].location: ${LINK_LOCAL}, found "[fe80::1]:1"`,
  ],
  ["a date for a name", http("name = 1979-05-27"), "http[0].name: must be a text, found a date"],
  [
    "a variable that is not set",
    http(`name = "\${NAME}"`),
    "http[0].name: the environment variable NAME is not set",
  ],
  [
    "a file that is not there",
    output(`token = "\${file:/run/token}"`),
    'http[0].output[1].token: cannot read the file "/run/token": no such file',
  ],
  [
    "a reference to nothing",
    http('name = "a${"'),
    `http[0].name: has a "\${" that begins neither \${NAME} nor \${file:PATH}; write "$\${" for a literal "\${"`,
  ],
  [
    "a variable that is not set where a text is not enough",
    output(`timeout = "\${NAME}"`),
    "http[0].output[1].timeout: the environment variable NAME is not set",
  ],
  [
    "a password with a slash in the location",
    location("http://user:12/geheim@b:8086"),
    "http[0].output[1].location: must not hold credentials: use the keys username and password",
  ],
  [
    "port 0 to write to",
    location("http://b:0"),
    `http[0].output[1].location: ${URL_FORM}, found "http://b:0"`,
  ],
  [
    "a line end in a username",
    output('username = "u\\n", password = "p"'),
    "http[0].output[1].username: must be a text without colons and control characters that is not empty",
  ],
  ["a date for a table", `log = 1979-05-27\n${http("")}`, "log: must be a table, found a date"],
  [
    "a wrong name, which has no default in its place",
    http("name = 1") + http('name = "http-1"', ":1"),
    "http[0].name: must be a text, found 1",
  ],
  [
    "a wrong name that to may mean",
    `${http("name = 1")}[[udp]]\nbind-addr = ":1"\nto = "main"\ndatabase = "d"`,
    "http[0].name: must be a text, found 1",
  ],
  [
    "a wrong output name, which has no default in its place",
    '[[http]]\nbind-addr = ":1"\noutput = [{ name = 1, location = "http://a:1" }, { location = "http://a:1" }]',
    "http[0].output[0].name: must be a text, found 1",
  ],
  [
    "quiet hours that are none",
    `[recovery]\nquiet-hours = "22:00-22:00"\n${http("")}`,
    'recovery.quiet-hours: must be two different times in UTC such as "22:00-06:00", found "22:00-22:00"',
  ],
  [
    "quiet hours that no day has",
    `[recovery]\nquiet-hours = "22:00-24:00"\n${http("")}`,
    'recovery.quiet-hours: must be two different times in UTC such as "22:00-06:00", found "22:00-24:00"',
  ],
  ["a spool without a place", spool(""), "spool.dir: is missing; it must be a text that is not empty"],
  ["a spool at an empty place", spool('dir = ""'), 'spool.dir: must be a text that is not empty, found ""'],
  ["a text for the spool", `spool = "/var"\n${http("")}`, 'spool: must be a table, found "/var"'],
  [
    "an unknown key of the spool",
    spool(`${DIR}fsinc = "always"`),
    'spool: unknown key "fsinc"; did you mean "fsync"?',
  ],
  [
    "an unknown fsync",
    spool(`${DIR}fsync = "sometimes"`),
    'spool.fsync: must be one of "always", "interval", "never", found "sometimes"',
  ],
  [
    "an fsync-interval of nothing",
    spool(`${DIR}fsync-interval = "0s"`),
    'spool.fsync-interval: must be a duration from 1ms to 1h, such as "100ms", found "0s"',
  ],
  [
    "a grace beyond its bound",
    spool(`${DIR}grace = "11s"`),
    'spool.grace: must be a duration from 0s to 10s, such as "10ms", found "11s"',
  ],
  [
    "a negative grace",
    spool(`${DIR}grace = "-1ms"`),
    'spool.grace: must be a duration from 0s to 10s, such as "10ms", found "-1ms"',
  ],
  [
    "a spool too small for its files",
    spool(`${DIR}max-size-mb = 7`),
    "spool.max-size-mb: must be a whole number from 8 to 1048576 (MiB), found 7",
  ],
  [
    "a spool of no records",
    spool(`${DIR}max-records = 0`),
    "spool.max-records: must be a whole number from 1 to 10000000000 (records), found 0",
  ],
  [
    "a max-age beyond its bound",
    spool(`${DIR}max-age = "87601h"`),
    'spool.max-age: must be a duration from 1ms to 87600h, such as "168h", found "87601h"',
  ],
  [
    "credentials to store without a key",
    spool(`${DIR}store-credentials = true`),
    'spool.credentials-key: is missing; store-credentials needs it: make one with "openssl rand -base64 32"',
  ],
  [
    "a key for credentials that are not stored",
    spool(`${DIR}credentials-key = "${"geheim".padEnd(43, "A")}="`),
    "spool.credentials-key: needs store-credentials = true beside it",
  ],
  [
    "a key of 31 bytes",
    spool(`${DIR}store-credentials = true\ncredentials-key = "${"geheim".padEnd(42, "A")}=="`),
    `spool.credentials-key: must be ${KEY_FORM}`,
  ],
  [
    "a key that was cut off",
    spool(`${DIR}store-credentials = true\ncredentials-key = "${"geheim".padEnd(43, "A")}"`),
    `spool.credentials-key: must be ${KEY_FORM}`,
  ],
  [
    "checks without a pause",
    output('health-check-interval = "10ms"'),
    'http[0].output[1].health-check-interval: must be a duration from 100ms to 1h, such as "1s", found "10ms"',
  ],
  [
    "a drain that stands still",
    output("drain-max-mb-per-second = 0"),
    "http[0].output[1].drain-max-mb-per-second: must be a whole number from 1 to 100000 (MiB a second), found 0",
  ],
  [
    "an admin listener without an address",
    `[admin]\ntoken = "geheim"\n${http("")}`,
    'admin.bind-addr: is missing; it must be host:port such as "127.0.0.1:9097", with a port from 0 to 65535',
  ],
  [
    "an admin listener for everybody",
    `[admin]\nbind-addr = ":9097"\n${http("")}`,
    "admin.token: is missing: whoever reaches this address, which is not a loopback one, could command the relay; set a token, or listen on a loopback address",
  ],
  [
    "an empty admin token",
    `[admin]\nbind-addr = ":9097"\ntoken = ""\n${http("")}`,
    "admin.token: must be printable ASCII that is not empty and neither begins nor ends with a space",
  ],
  [
    "peers that are none",
    `[admin]\nbind-addr = "127.0.0.1:9097"\npeers = ["relay-2:9097", "http://relay-2:9097/admin", "http://u:p@relay-2:9097", 5]\ntoken = "t"\n${http("")}`,
    'admin.peers[0]: must be the URL of a relay\'s admin listener such as "http://10.0.0.2:9097", found "relay-2:9097"',
    'admin.peers[1]: must not have a path: the relay asks for its own ones, found "http://relay-2:9097/admin"',
    "admin.peers[2]: must not hold credentials: use the key peer-token",
    'admin.peers[3]: must be the URL of a relay\'s admin listener such as "http://10.0.0.2:9097", found 5',
  ],
  [
    "peers that are named twice, or are the relay itself",
    `[admin]\nbind-addr = "10.0.0.1:9097"\npeers = ["http://relay-2:9097", "http://relay-2:9097/", "http://10.0.0.1:9097"]\ntoken = "t"\n${http("")}`,
    'admin.peers[1]: is named twice: one entry a relay, found "http://relay-2:9097/"',
    'admin.peers[2]: is this relay\'s own address: name the other relays only, found "http://10.0.0.1:9097"',
  ],
  [
    "a peer on another machine without a token for it",
    `[admin]\nbind-addr = "127.0.0.1:9097"\npeers = ["http://relay-2:9097", "http://127.0.0.1:9098"]\n${http("")}`,
    'admin.peers[0]: needs a token: a relay that other machines reach has one; set peer-token, found "http://relay-2:9097"',
  ],
  [
    "what is for peers without peers, or of no use to them",
    `[admin]\nbind-addr = "127.0.0.1:9097"\npeer-token = "t"\npeer-ca = "x"\n${http("")}`,
    "admin.peer-token: needs peers beside it",
    "admin.peer-ca: needs peers beside it",
  ],
  [
    "authorities for peers without TLS",
    `[admin]\nbind-addr = "127.0.0.1:9097"\npeers = ["http://127.0.0.1:9098"]\npeer-ca = "x"\n${http("")}`,
    "admin.peer-ca: has no effect with http:// peers; use https://",
  ],
  [
    "an admin listener in the place of another",
    `[admin]\nbind-addr = "127.0.0.1:9096"\n${http("")}`,
    'admin.bind-addr: must differ from the address of http[0], which takes the same port, found "127.0.0.1:9096"',
  ],
  [
    "many mistakes at once",
    `colour = "red"\n[[http]]\nname = 1\nbind-addr = ":x"\noutput = [{ timeout = "soon", gzip = 1 }]\n[[udp]]\nbind-addr = ":1"\nto = "http-1"`,
    "http[0].name: must be a text, found 1",
    `http[0].bind-addr: must be ${BIND_FORM}, found ":x"`,
    `http[0].output[0].location: is missing; it ${URL_FORM}`,
    'http[0].output[0].timeout: must be a duration from 1ms to 24h, such as "10s", found "soon"',
    "http[0].output[0].gzip: must be true or false, found 1",
    'unknown key "colour"; known here: shutdown-timeout, log, spool, admin, recovery, http, udp',
    "udp[0].database: is missing; to needs it",
  ],
];

for (const [name, text, ...expected] of WRONG) {
  test(`wrong config: ${name}`, () => {
    const problems = problemsOf(text, source());
    assert.deepEqual(problems.sort(), expected.sort());
    assert.ok(!problems.some((problem) => problem.includes("geheim")));
  });
}
