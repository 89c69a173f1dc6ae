import { html } from "hono/html";
import { catchingUp, lackedRecords } from "../../observe/progress-text.ts";
import type { Status } from "../../observe/status-schema.ts";
import { byteRateText, counted, countText, latencyWords, rateText } from "./figures-text.ts";
import { type Markup, section } from "./markup.ts";
import type { PageBackend, Shown } from "./page-status.ts";
import type { Latency } from "./rates.ts";
import { type Share, sharesOf } from "./shard-shares.ts";
import { stateOf } from "./verdict.ts";

type Listener = Status["listeners"][number];
type Udp = Status["udp"][number];

/** Clients, relays and servers as they are connected now; one row a listener. */
export function drawingSection(shown: Shown): Markup | "" {
  const { listeners, udp } = shown.status;
  return section("drawing", "Clients, relays, servers", [
    ...listeners.map((listener) => listenerRow(listener, shown)),
    ...udp.map((each) => udpRow(each, shown)),
    ...peersRow(shown),
  ]);
}

function listenerRow(listener: Listener, shown: Shown): Markup {
  const { name, consistency, replicas, sharding } = listener;
  const rates = shown.rates?.listeners.get(name);
  const clients =
    rates === undefined
      ? html`<p>measuring</p>`
      : html`<p>${rateText(rates.writes)} writes, ${rateText(rates.lines)} lines</p>
<p>${byteRateText(rates.bytes)}, ${rateText(rates.queries)} queries</p>
${takes("writes", rates.latency)}${takes("queries", rates.queryLatency)}`;
  const servers = (names: readonly string[]) => {
    const known = names.flatMap(
      (each) => shown.status.backends.find((backend) => backend.name === each) ?? [],
    );
    return html`<ul class="tree">${known.map((backend) => serverNode(backend, shown))}</ul>`;
  };
  const right =
    sharding === undefined
      ? servers(replicas)
      : html`<ul class="tree">${sharesOf(sharding.shards).map(
          ({ shard, share }) =>
            html`<li class="shard"><div class="node"><h3>shard ${shard.name}</h3>${shareText(share)}</div>${servers(
              shard.replicas,
            )}</li>`,
        )}</ul>`;
  return html`<div class="flow">
<div class="node clients"><h3>Clients</h3>${clients}</div>
<div class="node relay"><h3>${name}</h3><p>this relay</p><p>consistency ${consistency}</p></div>
${right}</div>`;
}

function shareText({ due, got }: Share): Markup {
  const lines = got === undefined ? "" : html`<p>got ${got} % of the lines</p>`;
  return html`<p>share ${due} %</p><meter value="${due}" max="100">${due} %</meter>${lines}`;
}

function serverNode(backend: PageBackend, { status, rates }: Shown): Markup {
  const { level, word, since } = stateOf(backend);
  const { writes, latency, catchingUp: perSecond } = rates?.backends.get(backend.name) ?? {};
  const lacked = lackedRecords(backend);
  const recovery = status.recovery.backends.find(({ name }) => name === backend.name);
  const lacks =
    lacked === 0 || backend.inSync
      ? ""
      : html`<p>lacks ${counted(lacked, "write")}, catches up ${until(catchingUp(backend, perSecond))}</p>`;
  const traffic =
    writes === undefined || backend.state === "down"
      ? ""
      : html`<p>${rateText(writes)} writes</p>${takes("requests", latency)}`;
  return html`<li class="server ${level}"><div class="node"><h3>${backend.name}</h3><p class="state">${word}${since}</p>
${lacks}${repairOf(recovery)}${traffic}</div></li>`;
}

function takes(what: string, latency: Latency | undefined): Markup | "" {
  return latency === undefined ? "" : html`<p>${what} in ${latencyWords(latency)}</p>`;
}

function until(text: string): string {
  return text.startsWith("when") ? text : `in ${text}`;
}

function repairOf(recovery: Status["recovery"]["backends"][number] | undefined): Markup | "" {
  const progress = recovery === undefined ? "" : progressOf(recovery);
  return progress === "" ? "" : html`<p>${recovery?.state} with ${recovery?.from}</p>${progress}`;
}

/** How far the repair of a server is. */
export function progressOf({ progress, state }: Status["recovery"]["backends"][number]): Markup | "" {
  if (progress === undefined || (state !== "repairing" && state !== "comparing")) return "";
  const { done, total } = progress;
  const text = `${countText(done)} of ${countText(total)}`;
  return html`<progress value="${done}" max="${Math.max(1, total)}">${text}</progress>`;
}

function udpRow({ name, to, datagrams, kernelDrops = 0 }: Udp, { rates }: Shown): Markup {
  const { dropped, outputs } = datagrams;
  const rate = rates?.udp.get(name);
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, kernelDrops);
  const traffic =
    rate === undefined
      ? html`<p>measuring</p>`
      : html`<p>${rateText(rate.datagrams)} datagrams, ${rateText(rate.lines)} lines</p>`;
  const targets =
    outputs === undefined
      ? html`<li class="server good"><div class="node"><p>written to the servers of ${to}</p></div></li>`
      : outputs.map((output) => {
          const failed = output.failed + output.queueFull + output.tooLong;
          const level = failed > 0 ? "warn" : "good";
          return html`<li class="server ${level}"><div class="node"><h3>${output.name}</h3><p>UDP: nobody knows what arrives</p></div></li>`;
        });
  return html`<div class="flow">
<div class="node clients"><h3>Clients, UDP</h3>${traffic}</div>
<div class="node relay"><h3>${name}</h3><p>this relay</p><p>${counted(lost, "datagram")} dropped</p></div>
<ul class="tree">${targets}</ul></div>`;
}

function peersRow({ status }: Shown): Markup[] {
  const { peers } = status;
  if (peers.length === 0) return [];
  const nodes = peers.map(({ name, reachable, problems }) => {
    const level = problems.some(({ severity }) => severity === "alarm") ? "bad" : reachable ? "good" : "warn";
    return html`<li class="server ${level}"><div class="node"><h3>${name}</h3><p class="state">${
      reachable ? "answers" : "does not answer"
    }</p></div></li>`;
  });
  return [
    html`<div class="flow peers"><div class="node relay"><h3>Other relays</h3><p>share these servers</p></div><ul class="tree">${nodes}</ul></div>`,
  ];
}
