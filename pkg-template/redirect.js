// The redirect page (contract §5): hands Entra's response to the broker that waits for it, and closes. It judges nothing and keeps
// nothing. The other end is src/web/inbox.rs.

import { redirect as languages } from "./texts.js"; // Made of texts/ by `cargo xtask dist`.

(() => {
  const response = location.hash.slice(1) || location.search.slice(1);
  // First of all: the response must not stay in the address, the history or a screenshot.
  // With the origin: a path that starts with two slashes would be another host's, and refused.
  history.replaceState(null, "", location.origin + location.pathname);

  const [own] = navigator.language.split("-");
  const lang = own in languages ? own : "en";
  const texts = languages[lang];
  const say = (text) => {
    document.querySelector("[role=status]").textContent = text;
  };
  // By script: a strict policy refuses styles in the markup, and the colours are the system's.
  document.documentElement.lang = lang;
  document.title = document.querySelector("h1").textContent = texts.title;
  document.body.style.cssText = "margin:0;padding:20vh 16px;text-align:center;color:canvastext;background:canvas;font:14px/20px 'Segoe UI',system-ui,sans-serif";
  document.querySelector("h1").style.cssText = "font-size:20px;font-weight:600";
  say(texts.working);

  // From an app that another site's page shows: this window stands between that frame and Entra's.
  const asked = addressAsked();
  const NOBODY = "0".repeat(32); // Where somebody signs out (crates/broker-core/src/flow/sign_out.rs): Entra knows no state then, and gives no response.
  const state = (asked?.searchParams ?? new URLSearchParams(response)).get("state");
  const id = (state ?? (asked || !response ? NOBODY : "")).split(".")[0];
  if (!/^[0-9a-f]{32}$/.test(id)) return say(texts.unknown);

  const ACKNOWLEDGED_MS = 300;
  const FORGOTTEN_MS = 60_000;
  const name = `talxis-broker:${id}`;
  const entry = `talxis-broker:response:${id}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
  const toChannel = (payload) => channel?.postMessage({ v: 1, payload });
  const toOpener = (payload) => window.opener?.postMessage({ v: 1, id, payload }, location.origin);
  // Each way only if the one before was not acknowledged.
  const ways = [() => toChannel(response), () => toOpener(response), leaveInStorage];
  let timer;

  // A page that left to sign in waits nowhere: it is gone back to, and where it was stands in its own record, never in the response.
  const returnTo = addressOf(id);
  if (returnTo) {
    localStorage.setItem(entry, JSON.stringify({ v: 1, at: Date.now(), payload: response }));
    return location.replace(returnTo);
  }

  const isAcknowledgement = ({ data }) => data?.v === 1 && data.ack === true;
  if (channel) channel.onmessage = (event) => (asked ? relay(event) : isAcknowledgement(event) && finish());
  window.addEventListener("message", (event) => {
    if (event.origin === location.origin && event.source === window.opener && isAcknowledgement(event) && event.data.id === id) finish();
  });
  if (asked) offer();
  else tryNext();

  // Entra's address, if it is the very one for which the opener, a page of this origin, opened this window: anybody else's link to this page
  // would borrow its good name, and an opener can be led to a page of this origin afterwards.
  function addressAsked() {
    try {
      const url = new URL(response);
      const asked = window.opener[Symbol.for("talxis.broker.opened")].endsWith(`#${response}`);
      return asked && /^https?:$/.test(url.protocol) ? url : undefined;
    } catch {
      return undefined; // No address, or an opener that is foreign or asked for nothing.
    }
  }

  // One window for each click; who closes it may click again.
  function offer() {
    const button = document.createElement("button");
    button.type = "button";
    button.style.cssText = "padding:5px 12px;font:inherit;font-weight:600;cursor:pointer;border:1px solid #8a8886;border-radius:4px;color:#fff;background:#115ea3";
    button.textContent = texts.go;
    button.onclick = () => window.open(asked.href, "_blank", "popup,width=483,height=600");
    document.querySelector("main").append(button);
    say(texts.offer);
  }

  // The response came to this origin's channel, where the frame does not hear it.
  function relay({ data }) {
    if (data?.v !== 1 || typeof data.payload !== "string") return;
    channel.postMessage({ v: 1, ack: true, id });
    toOpener(data.payload);
  }

  function recordOf(id) {
    try {
      return localStorage.getItem(`talxis-broker:pending:${id}`);
    } catch {
      return null; // Nothing is stored here.
    }
  }

  function addressOf(id) {
    try {
      const { v, returnTo } = JSON.parse(recordOf(id));
      // Not its origin: that of a `blob:` address is this one too.
      return v === 1 && returnTo.startsWith(`${location.origin}/`) ? returnTo : undefined;
    } catch {
      return undefined; // Not one that left, or nobody's.
    }
  }

  function tryNext() {
    const way = ways.shift();
    if (!way) return say(texts.failed);
    timer = setTimeout(tryNext, ACKNOWLEDGED_MS);
    try {
      way();
    } catch {
      // This way is closed here; the next one comes.
    }
  }

  // Only for a sign-in that somebody still waits for: an unknown id changes nothing.
  function leaveInStorage() {
    if (recordOf(id) === null) return response ? finish() : say(texts.unknown);
    window.addEventListener("storage", ({ key, newValue }) => key === entry && newValue === null && finish());
    window.addEventListener("pagehide", () => localStorage.removeItem(entry));
    localStorage.setItem(entry, JSON.stringify({ v: 1, payload: response }));
    clearTimeout(timer);
    timer = setTimeout(() => {
      localStorage.removeItem(entry);
      finish();
    }, FORGOTTEN_MS);
  }

  function finish() {
    clearTimeout(timer);
    ways.length = 0;
    channel?.close();
    say(texts.done);
    window.close();
  }
})();
