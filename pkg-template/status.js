// The page behind the ribbon's button: who is signed in, which clients got tokens, what failed and what to do about it, and checks of this
// environment. It asks the broker that the app has, and loads it where nobody did; it holds nothing itself.

import { attempt } from "./attempt.js";
import { waitForBroker } from "./npm/wait.js";
import { createContext } from "./status/context.js";
import { element } from "./status/elements.js";
import { authorizeUrl } from "./status/entra.js";
import { problemList, tokenList } from "./status/lists.js";
import { tryWindow } from "./status/policy.js";
import { report, resultList } from "./status/results.js";
import { checkWindow, runChecks } from "./status/run.js";
import { dress } from "./status/style.js";
import { prompt, status as languages } from "./texts.js"; // Made of texts/ by `cargo xtask dist`.

const EVENTS = ["signedin", "signedout", "token", "interaction", "error", "configchanged"];
// Only an event says this: the call goes on without the frame.
const UNSAID = "frame_blocked_by_csp";

(async () => {
  let context = createContext();
  // In the language and direction of Power Apps, else of the browser. The low ten bits of a locale are its language.
  const lcid = context.global(({ userSettings }) => userSettings.languageId);
  const [own] = navigator.language.split("-");
  const lang = Object.keys(languages).find((lang) => (lcid ? ((prompt[lang].lcid ^ lcid) & 0x3ff) === 0 : lang === own)) ?? "en";
  const texts = languages[lang];
  const time = (at) => new Date(at).toLocaleTimeString(lang, { timeStyle: "short" });
  const number = (value) => (typeof value === "number" ? value.toLocaleString(lang, { maximumFractionDigits: 1 }) : value);
  const the = (selector) => document.querySelector(selector);
  const { documentElement } = document;
  documentElement.lang = lang;
  documentElement.dir = attempt(() => context.host.getComputedStyle(context.host.document.documentElement).direction) ?? "ltr";
  dress(document);
  document.title = the("h1").textContent = texts.title;
  const buttons = { "sign-in": texts.signIn, "sign-out": texts.signOut, "sign-out-everywhere": texts.signOutEverywhere, run: texts.run, copy: texts.copy };
  for (const [id, text] of Object.entries(buttons)) the(`#${id}`).textContent = text;
  for (const name of ["problems", "tokens", "checks"]) the(`#${name}-title`).textContent = texts[name];
  the("#checks-hint").textContent = texts.checksHint;
  const say = (text) => {
    const place = the("[role=status]");
    if (place.textContent !== text) place.textContent = text;
  };
  const note = (text, id = "note") => {
    the(`#${id}`).textContent = text;
  };
  say(texts.working);

  let broker;
  let results;
  let running = false;
  let unsaid = [];

  // Rebuilt only where something changed, so that nobody loses a link under the finger.
  const shown = {};
  const put = (id, what, make) => {
    const key = JSON.stringify(what);
    if (shown[id] !== key) the(`#${id}`).replaceChildren(make());
    shown[id] = key;
  };
  const show = () => {
    const { account } = broker ?? {};
    const { tokens = [], failures = [] } = context.taken();
    if (broker) say(account ? texts.signedIn.replace("{0}", () => account.username) : texts.signedOut);
    the("#sign-in").hidden = !broker || Boolean(account);
    the("#sign-out").hidden = the("#sign-out-everywhere").hidden = !account;
    const listed = { ...Object.assign({}, ...Object.values(context.read.lists ?? {})), ...context.read.config?.clients };
    const names = new Map(Object.entries(listed).map(([alias, client]) => [String(client?.clientId ?? client).toLowerCase(), alias]));
    const others = failures.filter(({ correlationId }) => !context.own.has(correlationId));
    put("problems", [...unsaid, ...others], () => problemList([...unsaid, ...others], names, texts, time));
    put("tokens", [tokens, listed], () => tokenList(tokens, names, texts, time));
  };
  const showResults = () => {
    const again = authorizeUrl(context, {}) && element("button", { type: "button", className: "small", id: "try-window", onclick: tryIt }, texts.tryWindow);
    the("#checks").replaceChildren(resultList(results, texts, number, again));
  };

  // What a call failed for stands in its message; pressing twice is no harm.
  const on = (id, call) => the(`#${id}`).addEventListener("click", () => call().then(() => "", (error) => error.message).then((text) => {
    note(text, "account-note");
    show();
  }));
  // Who signed in with the wrong account is asked for another.
  on("sign-in", () => broker.signIn({ selectAccount: context.taken().failures?.some(({ code }) => code === "account_mismatch") }));
  on("sign-out", () => broker.signOut());
  on("sign-out-everywhere", () => broker.signOut({ everywhere: true }));

  the("#run").addEventListener("click", async () => {
    if (running) return;
    running = true;
    the("#run").setAttribute("aria-disabled", true);
    note(texts.running);
    the("#checks").replaceChildren();
    try {
      results = await runChecks(context, (at, of) => (the("#run").textContent = `${texts.run} (${at}/${of})`));
      showResults();
      const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
      note(texts.finished.replace(/\{(\w+)\}/g, (_, outcome) => count(outcome)));
    } catch (error) {
      note(String(error?.message));
    }
    running = false;
    the("#run").removeAttribute("aria-disabled");
    the("#run").textContent = texts.run;
    show();
  });

  // Within the click, which alone lets a window open.
  async function tryIt() {
    const outcome = await tryWindow(authorizeUrl(context, { prompt: "select_account" }));
    const result = await checkWindow(context, outcome);
    results = results.map((other) => (other.id === result.id ? result : other));
    showResults();
    note(texts.check.coop.seen[outcome]);
    the("#try-window")?.focus();
  }

  the("#copy").addEventListener("click", async () => {
    const text = report({ version: broker?.version, diagnostics: context.taken(), results, texts, number });
    const byHand = the("#by-hand");
    byHand.hidden = true;
    try {
      await navigator.clipboard.writeText(text);
      note(texts.copied);
    } catch {
      // No permission here: whoever wants it takes it by hand.
      const area = element("textarea", { readOnly: true, value: text, id: "report" });
      byHand.replaceChildren(element("label", { htmlFor: "report", className: "hint" }, texts.copyByHand), area);
      byHand.hidden = false;
      area.focus();
      area.select();
    }
  });

  show();
  try {
    broker = await waitForBroker();
  } catch {
    say(texts.missing);
  }
  context = Object.assign(createContext(broker), { own: context.own });
  the("#version").textContent = broker ? `Token Broker ${broker.version}` : "";
  const closed = new AbortController();
  const follow = ({ type, code, client, correlationId, at }) => {
    if (type === "error" && code === UNSAID) unsaid = [{ code, client, correlationId, at }, ...unsaid].slice(0, 3);
    setTimeout(show); // The event comes before its call ends.
  };
  for (const type of EVENTS) broker?.addEventListener(type, follow, { signal: closed.signal });
  window.addEventListener("focus", show); // Of a failure before the broker's core was there no event tells.
  window.addEventListener("pagehide", () => closed.abort());
  show();
})();
