import { html } from "hono/html";
import { differenceSections, keptSections, recoverySection, serverSection, shardSection } from "./details.ts";
import { drawingSection } from "./drawing.ts";
import type { Markup } from "./markup.ts";
import type { Shown, Snapshot } from "./page-status.ts";
import { troubleSection } from "./trouble-cards.ts";
import { verdictOf } from "./verdict.ts";

/** For the tab of the browser: what is wrong comes first. */
export function titleOf({ status }: Shown): string {
  const { level, text } = verdictOf(status);
  return level === "good" ? "InfluxDB Relay: in sync" : text;
}

/** What changes from one snapshot to the next. */
export function mainOf(shown: Shown): Markup {
  const { status, nowMs, config } = shown;
  const { level, text } = verdictOf(status);
  const note =
    config === undefined
      ? html`<p class="note">This is the demo: it has no config file, so no command is shown.</p>`
      : "";
  return html`<p class="verdict ${level}" role="status">${text}</p>${note}
${troubleSection(shown)}${drawingSection(shown)}${recoverySection(shown)}${serverSection(shown)}${shardSection(shown)}
${keptSections(shown)}${differenceSections(shown)}
<p class="note">Rates and latencies are of the last five seconds; latencies are those that half and 99 of 100 requests did not exceed. As of <time>${new Date(
    nowMs,
  )
    .toISOString()
    .slice(11, 19)}</time> UTC.</p>`;
}

/** The whole page. Without JavaScript it loads itself again every five seconds. */
export function documentOf({ title, main }: Snapshot): Markup {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title}</title>
<link rel="stylesheet" href="/page.css"><link rel="icon" type="image/svg+xml" href="/page.svg">
<noscript><meta http-equiv="refresh" content="5"></noscript><script src="/page.js" defer></script></head>
<body><header><h1>InfluxDB Relay</h1><p id="live">as it was when this page was loaded</p></header>
<main id="main">${main}</main></body></html>`;
}
