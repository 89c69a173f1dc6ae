import { html } from "hono/html";
import {
  catchingUp,
  heldRecords,
  lackedBytes,
  lackedRecords,
  recoveryText,
} from "../../observe/progress-text.ts";
import { age, policy, size, time, typesText } from "../../observe/text.ts";
import { progressOf } from "./drawing.ts";
import { byteRateText, countText, latencyText, rateText } from "./figures-text.ts";
import { firstRows, type Markup, section, table } from "./markup.ts";
import type { PageBackend, Shown } from "./page-status.ts";
import { sharesOf } from "./shard-shares.ts";
import { busyRecoveries } from "./trouble-cards.ts";
import { stateOf } from "./verdict.ts";

const SERVER_HEADS = [
  ...["Server", "State", "#Lacks", "#Kept", "#Catches up in", "#Held", "#Dead", "#Lost", "#Suspect"],
  ...["#Writes", "#Lines", "#Traffic", "#Latency", "#Queries", "Version"],
];

/** Everything about the servers, as a table. */
export function serverSection({ status, rates }: Shown): Markup | "" {
  const row = (backend: PageBackend, name: string) => {
    const { deadLetters, lost, suspect, version = "-" } = backend;
    const { level, word } = stateOf(backend);
    const rate = rates?.backends.get(backend.name);
    const waiting = lackedRecords(backend);
    return [
      ...[html`<b>${name}</b>`, html`<span class="badge ${level}">${word}</span>`],
      ...[countText(waiting), size(lackedBytes(backend)), catchingUp(backend, rate?.catchingUp)],
      ...[heldRecords(backend), deadLetters?.records ?? 0, lost.length, suspect.length].map((n) =>
        countText(n),
      ),
      ...(rate === undefined
        ? ["-", "-", "-", "-", "-"]
        : [
            rateText(rate.writes),
            rateText(rate.lines),
            byteRateText(rate.bytes),
            latencyText(rate.latency),
            rateText(rate.queries),
          ]),
      version,
    ];
  };
  const rows = [
    ...status.backends.map((backend) => row(backend, backend.name)),
    ...status.removed.map((backend) => row(backend, `${backend.name} (left the config)`)),
  ];
  return section("servers", "Servers", [table(SERVER_HEADS, rows)]);
}

/** What is done by itself about servers that differ. */
export function recoverySection(shown: Shown): Markup | "" {
  const busy = busyRecoveries(shown);
  return section(
    "recovery",
    "Recovery",
    busy.map(
      (each) =>
        html`<div class="line"><p><b>${each.name}</b> ${recoveryText(each)}</p>${progressOf(each)}</div>`,
    ),
  );
}

/** Shards and what each got. */
export function shardSection({ status }: Shown): Markup | "" {
  const rows = status.listeners.flatMap(({ name, sharding }) => {
    return sharesOf(sharding?.shards ?? []).map(({ shard, share }) => [
      ...[name, html`<b>${shard.name}</b>`, shard.replicas.join(", ")],
      ...[`${share.due} %`, share.got === undefined ? "-" : `${share.got} %`],
      ...[countText(shard.writes), countText(shard.lines), size(shard.bytes)],
    ]);
  });
  const heads = ["Listener", "Shard", "Servers", "#Share", "#Of the lines", "#Writes", "#Lines", "#Bytes"];
  return section("shards", "Shards", rows.length === 0 ? [] : [table(heads, rows)]);
}

/** What servers are not ready for, where they lack something or may differ, and what was given up. */
export function keptSections({ status, deadLetters, nowMs }: Shown): (Markup | "")[] {
  const { backends } = status;
  const held = backends.flatMap((backend) => backend.held.map((each) => [backend.name, each] as const));
  const ranges = backends.flatMap(({ name, lost, suspect }) => [
    ...lost.map((range) => [name, "lost", range] as const),
    ...suspect.map((range) => [name, "suspect", range] as const),
  ]);
  const dead = deadLetters.flatMap(({ backend, counts, more, error }) => [
    ...counts.map(({ db, rp, records, reason }) => [
      backend,
      place(db),
      place(rp),
      countText(records),
      reason,
    ]),
    ...(more ? [[backend, "...", "", "", "and more"]] : []),
    ...(error === undefined ? [] : [[backend, "", "", "", `cannot be read: ${error}`]]),
  ]);
  const heldRow = ([name, { db, rp, records, status: code, error, atMs }]: (typeof held)[number]) => [
    ...[name, db, policy(rp), countText(records)],
    atMs === undefined ? "-" : `${age(nowMs - atMs)} ago`,
    code === undefined ? "not tried yet" : `${code} ${error ?? ""}`,
  ];
  const rangeRow = ([name, kind, { db, rp, min, max }]: (typeof ranges)[number]) => [
    ...[name, kind, place(db), place(rp), time(BigInt(min)), time(BigInt(max))],
  ];
  const part = (id: string, title: string, heads: readonly string[], rows: readonly unknown[][]) =>
    section(id, title, rows.length === 0 ? [] : [table(heads, rows)]);
  return [
    part(
      "held",
      "Held: not ready for it",
      ["Server", "Database", "Policy", "#Writes", "Tried", "It answered"],
      firstRows(held, heldRow),
    ),
    part(
      "dead",
      "Dead letters: given up",
      ["Server", "Database", "Policy", "#Writes", "Why"],
      firstRows(dead, (row) => row),
    ),
    part(
      "ranges",
      "Where data lacks or may differ",
      ["Server", "It is", "Database", "Policy", "From", "To"],
      firstRows(ranges, rangeRow),
    ),
  ];
}

/** What replicas do not have alike. */
export function differenceSections({ status }: Shown): (Markup | "")[] {
  const { findings } = status.recovery.check;
  const { conflicts } = status.fieldTypes;
  const found = firstRows(findings, ({ db, rp, measurement, start, end, points }) => [
    ...[db, policy(rp), measurement, time(BigInt(start)), time(BigInt(end))],
    Object.entries(points)
      .map(([backend, count]) => `${backend}: ${count}`)
      .join(", "),
  ]);
  const types = firstRows(conflicts, ({ db, measurement, field, types: known }) => [
    ...[db, measurement, field],
    typesText(known),
  ]);
  return [
    section(
      "findings",
      "Different numbers of points",
      found.length === 0 ? [] : [table(["Database", "Policy", "Measurement", "From", "To", "Points"], found)],
    ),
    section(
      "types",
      "Fields with different types",
      types.length === 0 ? [] : [table(["Database", "Measurement", "Field", "Types"], types)],
    ),
  ];
}

function place(name: string): string {
  return name === "*" ? "any" : policy(name);
}
