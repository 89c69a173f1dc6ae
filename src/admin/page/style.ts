/** Calm, and readable at night: one column of width, colours only for what is not as it should be. */
export const STYLE = `:root {
  color-scheme: light dark;
  --back: #f6f7f9; --node: #ffffff; --text: #1b2430; --soft: #5a6675; --line: #cfd6de;
  --good: #1f7a45; --warn: #9a5b00; --bad: #b3261e;
  --good-back: #e6f4ec; --warn-back: #fdf1dc; --bad-back: #fdeae8; --code: #eef1f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #11161c; --node: #1a212a; --text: #e3e8ee; --soft: #98a5b3; --line: #36414d;
    --good: #6cc793; --warn: #f0b45a; --bad: #ff8f86;
    --good-back: #15291f; --warn-back: #2e2413; --bad-back: #361a18; --code: #0c1116;
  }
}
* { box-sizing: border-box; }
html { background: var(--back); color: var(--text); font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
body { max-width: 82rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; }
h1, h2, h3, p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 1rem; font-weight: 600; }
h2 { font-size: .8rem; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); margin-bottom: .6rem; }
h3 { font-size: .95rem; font-weight: 600; overflow-wrap: anywhere; }
section { margin-top: 1.75rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: .75rem; }
#live, .note { color: var(--soft); font-size: .85rem; }
.note { margin-top: 1rem; }
[data-live="no"] #live { color: var(--bad); font-weight: 600; }
[data-live="no"] main { opacity: .55; }
.good { --mark: var(--good); --mark-back: var(--good-back); }
.warn { --mark: var(--warn); --mark-back: var(--warn-back); }
.bad { --mark: var(--bad); --mark-back: var(--bad-back); }
.verdict { padding: .8rem 1rem; border-left: .35rem solid var(--mark); border-radius: .3rem; background: var(--mark-back); color: var(--mark); font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
.card { border: 1px solid var(--line); border-left: .35rem solid var(--mark); border-radius: .3rem; background: var(--node); padding: .7rem 1rem .8rem; }
.card + .card { margin-top: .6rem; }
.card li { margin-top: .45rem; overflow-wrap: anywhere; }
.card li.open > .what { color: var(--mark); font-weight: 600; }
.next { color: var(--text); }
.passes, .passes .next { color: var(--soft); }
code { display: block; margin: .25rem 0 .1rem; padding: .4rem .6rem; border-radius: .25rem; background: var(--code); color: var(--text); font: .9rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; user-select: all; overflow-wrap: anywhere; }
code span { display: inline-block; max-width: 100%; }
.flow { display: grid; grid-template-columns: 19.5rem 12rem minmax(0, 1fr); align-items: center; column-gap: 2.5rem; }
.flow + .flow { margin-top: 1.25rem; }
.flow.peers { grid-template-columns: 12rem minmax(0, 1fr); margin-left: 22rem; }
.node { position: relative; border: 1px solid var(--line); border-radius: .35rem; background: var(--node); padding: .5rem .75rem; font-size: .85rem; color: var(--soft); }
.node h3 { color: var(--text); }
.clients::after { content: ""; position: absolute; left: 100%; top: 50%; width: 2.5rem; border-top: 2px solid var(--line); }
.tree { position: relative; min-width: 0; }
.tree > li { position: relative; padding: .3rem 0; }
.tree > li::before { content: ""; position: absolute; left: -1.25rem; top: 50%; width: 1.25rem; border-top: 2px solid var(--line); }
.tree > li::after { content: ""; position: absolute; left: -1.25rem; top: 0; bottom: 0; border-left: 2px solid var(--line); }
.tree > li:first-child::after { top: 50%; }
.tree > li:last-child::after { bottom: 50%; }
.tree > li:only-child::before { left: -2.5rem; width: 2.5rem; }
.tree > li:only-child::after { display: none; }
.relay::after { content: ""; position: absolute; left: 100%; top: 50%; width: 1.25rem; border-top: 2px solid var(--line); }
.server > .node { max-width: 26rem; border-left: .3rem solid var(--mark); }
.server.bad::before { border-top-style: dashed; border-color: var(--mark); }
.server.warn::before { border-color: var(--mark); }
.state { color: var(--mark); font-weight: 600; }
.shard { display: grid; grid-template-columns: 11rem minmax(0, 1fr); align-items: center; column-gap: 2.5rem; }
.shard > .node::after { content: ""; position: absolute; left: 100%; top: 50%; width: 1.25rem; border-top: 2px solid var(--line); }
progress, meter { display: block; width: 100%; height: .5rem; margin: .25rem 0; accent-color: var(--good); }
.line { margin-top: .4rem; }
.line progress { max-width: 24rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .35rem; background: var(--node); }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { padding: .4rem .45rem; text-align: left; vertical-align: baseline; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; border-bottom: 1px solid var(--line); }
tr + tr td { border-top: 1px solid var(--line); }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.text { white-space: nowrap; }
td.text:last-child { min-width: 12rem; white-space: normal; overflow-wrap: break-word; }
#servers td:last-child { min-width: 0; white-space: nowrap; }
.badge { color: var(--mark); font-weight: 600; white-space: nowrap; }
@media (max-width: 56rem) {
  body { padding: .75rem .75rem 2rem; }
  .flow, .flow.peers, .shard { grid-template-columns: minmax(0, 1fr); row-gap: 1rem; margin-left: 0; }
  .clients::after, .relay::after, .shard > .node::after { left: 1.25rem; top: 100%; width: 0; height: 1rem; border-top: 0; border-left: 2px solid var(--line); }
  .tree { padding-left: 2.5rem; }
  .tree > li::before, .tree > li:only-child::before { left: -1.25rem; width: 1.25rem; }
  .tree > li::after, .tree > li:only-child::after { display: block; top: 0; }
  .tree > li:first-child::after, .tree > li:only-child::after { top: -1rem; }
  .tree > li.shard::before { top: 2rem; }
  .tree > li.shard:last-child::after { bottom: calc(100% - 2rem); }
  .verdict { font-size: 1.1rem; }
}
`;

/** For the tab of the browser. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="none" stroke="#3b7dd8" stroke-width="2"><path d="M4 8h4m0 0 4-4M8 8l4 4"/></g><g fill="#3b7dd8"><circle cx="3" cy="8" r="2.5"/><circle cx="13" cy="3" r="2.5"/><circle cx="13" cy="13" r="2.5"/></g></svg>`;
