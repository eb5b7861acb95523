// Keeps what is shown up to date. Every page works without it.
"use strict";

const main = document.getElementById("main");
const said = document.getElementById("said");
const live = document.getElementById("live");
const isLive = document.body.dataset.live === "on";

// Bringing a page up to date ------------------------------------------------

// What tells a part of a page from its neighbours, however they come and go.
const keyOf = (node) =>
  node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || node.getAttribute("aria-labelledby") || null : null;
const isKept = (node) => node.nodeType === Node.ELEMENT_NODE && node.dataset.live === "off";
const isTyped = (node) => node.localName === "input" && (node === document.activeElement || node.value !== node.defaultValue);

// Makes `from` look like `to` and leaves alone what is alike, so that focus, selection and scrolling stay.
function morph(from, to) {
  if (isKept(from) || isTyped(from) || from.isEqualNode(to)) return;
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !(from.localName === "details" && name === "open")) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    // What somebody closed stays closed.
    if (from.localName === "details" && name === "open") continue;
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const wanted = [...to.childNodes];
  const keys = new Set(wanted.map(keyOf).filter(Boolean));
  for (const child of [...from.childNodes]) {
    const key = keyOf(child);
    if (key && !keys.has(key) && !isKept(child)) child.remove();
  }
  const byKey = new Map([...from.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let at = from.firstChild;
  for (const next of wanted) {
    while (at && isKept(at) && keyOf(at) !== keyOf(next)) at = at.nextSibling;
    const key = keyOf(next);
    let same = key ? byKey.get(key) : at && !keyOf(at) ? at : null;
    if (same && same.nodeName !== next.nodeName) same = null;
    if (!same) {
      from.insertBefore(document.importNode(next, true), at);
    } else {
      if (same === at) at = at.nextSibling;
      else from.insertBefore(same, at);
      morph(same, next);
    }
  }
  while (at) {
    const rest = at.nextSibling;
    if (!isKept(at)) at.remove();
    at = rest;
  }
}

function sentences() {
  return [...main.querySelectorAll("[data-say]")].map((node) => node.textContent.trim());
}

// No more bytes than these are asked for in a millisecond: what changes all the time in a large cluster is its largest pages.
const PACE = 100;
let isLoading = false;
let isStale = false;

async function refresh() {
  if (isLoading) {
    isStale = true;
    return;
  }
  isLoading = true;
  isStale = false;
  const began = performance.now();
  let size = 0;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const text = await answer.text();
    size = text.length;
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("main");
    if (fresh && (answer.ok || answer.status === 404)) {
      const before = sentences();
      const focused = document.activeElement;
      morph(main, fresh);
      document.title = page.title;
      if (focused && focused !== document.activeElement) {
        (focused.isConnected ? focused : main).focus({ preventScroll: true });
      }
      // Times go on by themselves; only what is news is said aloud.
      const news = sentences().filter((text) => !before.map(timeless).includes(timeless(text)));
      if (news.length) said.textContent = news.join(" ");
    }
  } catch {
    // The connection is lost; the event source says so, and says when it is back.
  }
  // A large page on a busy daemon takes no more than a third of the time.
  const rest = Math.max(100, 2 * (performance.now() - began), size / PACE);
  setTimeout(() => {
    isLoading = false;
    if (isStale) refresh();
  }, rest);
}

const timeless = (text) => text.replace(/\d+(\.\d+)? (s|min|h|days)\b/g, "");

let source = null;
let clock = null;

function connect() {
  source = new EventSource("/console/changes");
  source.onopen = () => {
    tell("live", "good");
    refresh();
  };
  source.onmessage = refresh;
  source.onerror = () => tell("no connection", "bad");
  clock = setInterval(refresh, 10000);
}

function disconnect() {
  source?.close();
  source = null;
  clearInterval(clock);
}

function tell(word, tone) {
  live.hidden = false;
  live.className = "live state " + tone;
  live.lastElementChild.textContent = word;
}

if (isLive) {
  connect();
  // A tab that nobody sees needs no connection; browsers have few of them for one address.
  document.addEventListener("visibilitychange", () => {
    disconnect();
    if (!document.hidden) connect();
  });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => event.persisted && connect());
}

// Logs ----------------------------------------------------------------------

const log = document.getElementById("log");
const MOST_LINES = 5000;

async function follow() {
  const pause = document.getElementById("pause");
  const held = [];
  let isPaused = false;
  pause.hidden = false;
  const show = (lines) => {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(...lines);
    while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  };
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? "Go on" : "Pause";
    if (!isPaused) show(held.splice(0));
  });
  log.scrollTop = log.scrollHeight;
  for (;;) {
    try {
      const answer = await fetch(log.dataset.log, { cache: "no-store" });
      if (!answer.ok) return;
      // The same lines come once more, and then what follows them.
      log.replaceChildren();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        const made = lines.filter(Boolean).map((text) => line(JSON.parse(text)));
        if (isPaused) {
          held.push(...made);
          held.splice(0, held.length - MOST_LINES);
        } else show(made);
      }
      // What is over has no more to say.
      return;
    } catch {
      await new Promise((again) => setTimeout(again, 2000));
    }
  }
}

function line(said) {
  const p = document.createElement("p");
  if (said.message === undefined) {
    p.className = said.error ? "refusal" : "quiet";
    p.textContent = said.error || said.note || "";
    return p;
  }
  const part = (name, text) => {
    const node = document.createElement(name);
    node.textContent = text;
    return node;
  };
  const message = said.message.replace(/\u001b\[[0-9;?]*[@-~]/g, "");
  const who = said.task.slice(0, 8) + " " + said.container;
  p.append(part("time", said.timestamp.slice(11, 23)), " ", part("b", who), " ", part("span", message));
  return p;
}

if (log) follow();

// Keys ----------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("q").focus();
  }
});
