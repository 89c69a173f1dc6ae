/**
 * What runs in the browser: it takes snapshots as they come, and changes in the page what is different in them, so
 * that what somebody has marked to copy it stays marked. Without it the page loads itself again.
 */
export const SCRIPT = `"use strict";
(() => {
  const STALE_MS = 5000;
  const RELOAD_MS = 3000;
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  let source;
  let watchdog;

  function tell(state, text) {
    document.documentElement.dataset.live = state;
    if (live.textContent !== text) live.textContent = text;
  }

  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const before = [...old.childNodes];
    const now = [...fresh.childNodes];
    for (const [i, child] of now.entries()) {
      if (i < before.length) morph(before[i], child);
      else old.append(child);
    }
    for (const child of before.slice(now.length)) child.remove();
  }

  function show({ title, main: html }) {
    document.title = title;
    const fresh = document.createElement("main");
    fresh.id = "main";
    fresh.innerHTML = html;
    morph(main, fresh);
    tell("yes", "live");
    clearTimeout(watchdog);
    watchdog = window.setTimeout(lost, STALE_MS);
  }

  function lost() {
    const time = main.querySelector("time");
    tell("no", "No connection to the relay: what is below is as it was at " + (time ? time.textContent : "?") + " UTC");
  }

  function connect() {
    source = new EventSource("/events");
    source.onmessage = ({ data }) => show(JSON.parse(data));
    source.addEventListener("full", ({ data }) => {
      source.close();
      tell("full", data);
      window.setTimeout(() => location.reload(), RELOAD_MS);
    });
    source.onerror = () => {
      lost();
      // An answer that is none: the browser does not ask again by itself.
      if (source.readyState === EventSource.CLOSED) window.setTimeout(connect, STALE_MS);
    };
  }

  connect();
})();
`;
