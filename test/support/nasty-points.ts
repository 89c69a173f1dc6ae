/** Points that a copy between two InfluxDBs may damage, in line protocol. */
export interface NastyBody {
  readonly db: string;
  readonly rp: string;
  /** Bytes, as not all of it is UTF-8. */
  readonly lines: Uint8Array;
}

/** The databases of {@link nastyBodies}, with the retention policies that must be made. */
export const NASTY_DATABASES: readonly { readonly name: string; readonly policies: readonly string[] }[] = [
  {
    name: "nasty",
    policies: [
      "DURATION INF REPLICATION 1 SHARD DURATION 1d",
      "DURATION INF REPLICATION 1 SHARD DURATION 7d",
    ].map((text, i) => `"${["days", 'we ek\\"s'][i]}" ON "nasty" ${text}`),
  },
  { name: 'we ird"db é', policies: [] },
];

export const DAY_NS = 86_400_000_000_000n;
/** The beginning of a day shard. */
export const FIRST_DAY_NS = 1_785_715_200_000_000_000n;

/** One byte a character: what is not ASCII is written as its UTF-8 by `u`. */
const u = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Lines for each measurement; `T` stands for a time, `V` for a value of a changing type. */
const MEASUREMENTS: readonly string[][] = [
  [
    "ints a=9007199254740993i,b=-9223372036854775808i,c=9223372036854775807i,d=0i T",
    "ints a=-1i,e=127i,f=128i,g=-129i,h=65536i,j=4294967296i T",
  ],
  [
    "floats a=0.1,b=-0,c=5e-324,d=1.7976931348623157e+308,e=1e21,f=123456789.123456789 T",
    "floats a=1,b=0,c=-1.5e-7,d=3 T",
  ],
  ['mixed,k=a i=1i,f=1,s="1",b=true T', "mixed,k=b f=1.5,b=false T", 'mixed,k=c s="" T'],
  ["bools t=true,f=false T", "bools t=F,f=T T"],
  [
    'strings s="a \\"quoted\\" \\\\ back" T',
    'strings s="",t=" ",u="\\\\\\"" T',
    'strings s="\\n is two bytes, \\x too" T',
  ],
  ['newlines s="one\ntwo\n\nfour\r\nfive" T', 'newlines s="\n" T'],
  ['controls s="\x01\x02\x07\x08\x0b\x0c\x1b\x7f\ttab" T', 'controls s="nul\x00nul" T'],
  ['invalid,t=\xff\xfe,u=\xc3\x28 s="\xf0\x28\x8c\x28 \x80 \xed\xa0\x80" T', 'invalid,t=\xfe\xff s="\xff" T'],
  [u('unicode,stadt=Zürich,日本=東京,😀=é s="世界 😀 \u2028 \u202e",é=1 T')],
  [u("mess\u00fcng v=1i T")],
  ["same,x=tag x=1 T", "same,x=other x=2,y=3 T", "same x=5 T"],
  ["same_suffix,x=tag x=1,x_1=2i T"],
  ["esc\\ aped\\,name,ta\\ g\\,k\\=ey=va\\ l\\,u\\=e fi\\ e\\,l\\=d=1 T"],
  ["m\\=eq v=1 T", "m\\=eq,a=b v=2 T"],
  ["we\\ ird\\,m\\=x,t\\==\\= v\\==1 T"],
  ['"quoted",tag="q" "field"=1 T', '"quoted",tag="q\'q" "field"=2 T'],
  ["it's,t='single' f'q=1i T"],
  ["back\\slash,t\\a=\\b\\c f\\d=1 T", "back\\slash,t\\a=\\\\b f\\d=2 T"],
  ["new\\\nline,t=a\\\nb f\\\ng=1 T"],
  ["tab\tin,t\tk=v\tw f\tg=1 T"],
  ["nul\x00in,t=\x00 v=1 T"],
  ["cr\rin,t=a\rb v=1 T"],
  ["x#not\\ a\\ comment v=1 T"],
  ["select,from=where group=1,by=2 T"],
  ["/regex.*/,t=/x/ v=1 T"],
  ["dots.in.name,a.b=c.d e.f=1 T"],
  ["_name v=1 T", "_tags,t=a v=2 T", "_measurements v=3 T"],
  ["semi;colon,t=; v=1 T", "dollar$,t=$x v=1 T"],
  ["percent%20,t=%00 v=1 T"],
  ["types v=V T", "types,t=a v=V T"],
  ["types_more v=V,w=1 T"],
  ["nano v=1 T", "nano v=2 T", "nano v=3 T"],
  ["sparse,a=1 v=1 T", "sparse,b=1 v=1 T", "sparse,a=1,b=1 v=1 T", "sparse v=1 T"],
  [`wide ${Array.from({ length: 300 }, (_, i) => `f${i}=${i}${i % 2 ? "i" : ""}`).join(",")} T`],
  [`long,t=${"t".repeat(5_000)} s="${"s".repeat(60_000)}" T`],
  [`case v=1 T`, `Case v=2 T`, `CASE v=3 T`],
  [...Array.from({ length: 300 }, (_, i) => `many,host=h${i % 7},r=${i % 3} v=${i / 7},n=${i}i T`)],
];

/** The type of a field that changes from one time shard to the next. */
const CHANGING = ["1.5", "7i", '"text"', "true", "2"];

/** Times beyond those days: before 1970, at it, and the outermost that InfluxDB takes. */
const OUTERMOST = [
  "times v=1i -9223372036854775806",
  "times v=2i 9223372036854775806",
  "times v=3i 0",
  "times v=4i -1",
  "times v=5i 1",
  "times v=6i -1785715200000000001",
];

/**
 * More than 30 measurements with what has been seen to be damaged by copies: over several time shards and policies, and
 * with fields whose type differs between them.
 */
export function nastyBodies(): NastyBody[] {
  const bodies: NastyBody[] = [];
  for (const { db, rp, shards, shardDays } of [
    { db: "nasty", rp: "days", shards: 4, shardDays: 1n },
    { db: "nasty", rp: 'we ek"s', shards: 1, shardDays: 7n },
    { db: "nasty", rp: "autogen", shards: 1, shardDays: 7n },
    { db: 'we ird"db é', rp: "autogen", shards: 2, shardDays: 7n },
  ]) {
    for (let shard = 0; shard < shards; shard++) {
      let at = FIRST_DAY_NS + BigInt(shard) * shardDays * DAY_NS;
      const lines = MEASUREMENTS.flat().map((line) => {
        at += 1_000_000_007n;
        return line.replace(/=V/g, `=${CHANGING[shard % CHANGING.length]}`).replace(/T$/, String(at));
      });
      bodies.push({ db, rp, lines: Buffer.from(lines.join("\n"), "latin1") });
    }
  }
  bodies.push({ db: "nasty", rp: "autogen", lines: Buffer.from(OUTERMOST.join("\n"), "latin1") });
  return bodies;
}
