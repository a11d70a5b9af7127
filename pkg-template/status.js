// The page behind the ribbon's button: who is signed in, signing in and out. It asks the broker that the app has, and loads it where
// nobody did; it holds nothing itself.

import { waitForBroker } from "./npm/wait.js";
import { status as languages } from "./texts.js"; // Made of texts/ by `cargo xtask dist`.

(async () => {
  const [own] = navigator.language.split("-");
  const lang = own in languages ? own : "en";
  const texts = languages[lang];
  const the = (selector) => document.querySelector(selector);
  const [signIn, signOut] = [the("#sign-in"), the("#sign-out")];
  const say = (text) => {
    the("[role=status]").textContent = text;
  };
  // By script: a strict policy refuses styles in the markup, and the colours are the system's.
  document.documentElement.lang = lang;
  document.title = the("h1").textContent = texts.title;
  document.body.style.cssText = "margin:0;padding:16px;color:canvastext;background:canvas;font:14px/20px 'Segoe UI',system-ui,sans-serif";
  the("h1").style.cssText = "font-size:20px;font-weight:600;margin:0 0 12px";
  signIn.textContent = texts.signIn;
  signOut.textContent = texts.signOut;
  say(texts.working);

  let broker;
  try {
    broker = await waitForBroker();
  } catch {
    return say(texts.missing);
  }

  const show = () => {
    const { account } = broker;
    say(account ? texts.signedIn.replace("{0}", () => account.username) : texts.signedOut);
    signIn.hidden = Boolean(account);
    signOut.hidden = !account;
  };
  // What a call failed for stands in its message; pressing twice is no harm.
  const on = (button, call) => button.addEventListener("click", () => call().then(show, (error) => say(error.message)));
  on(signIn, () => broker.signIn());
  on(signOut, () => broker.signOut());
  const closed = new AbortController();
  for (const type of ["signedin", "signedout"]) broker.addEventListener(type, show, { signal: closed.signal });
  window.addEventListener("pagehide", () => closed.abort());
  show();
})();
