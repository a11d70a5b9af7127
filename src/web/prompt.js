// What the user sees of a sign-in: the window, the one invitation to it (Power Apps' notification bar or confirm dialog, powerapps.md §5,
// else a dialog of our own), and a dialog that waits with the user. The JavaScript half of window.rs.
//
// A window opens as the first thing in the user's click, where every browser allows it; ESC is a refusal. Never markup text, a style
// attribute or a style element: a strict CSP or Trusted Types would refuse them. Nothing moves, so there is no motion to reduce.

import { attempt, closedWith, lock, MARK } from "./page.js";

// The turn of the one tab whose user signs in.
const TURN = "sign-in";
const WIDTH = 483;
const HEIGHT = 600;

// Ours whatever the page's style sheets say, in the system's colours: light, dark, or those of a contrast theme.
const SURFACE = `all:revert;position:fixed;z-index:2147483647;box-sizing:border-box;width:340px;max-width:calc(100vw - 32px);padding:16px;
  border:1px solid #8a8886;border-radius:8px;box-shadow:0 8px 16px rgba(0,0,0,.3);color-scheme:light dark;
  font:14px/20px 'Segoe UI',system-ui,sans-serif;`;
const CORNER = "margin:0;inset:auto;inset-inline-end:16px;inset-block-end:16px";
const BUTTON = `all:revert;margin:16px 0 0;margin-inline-end:8px;padding:5px 12px;font:inherit;font-weight:600;cursor:pointer;
  border:1px solid #8a8886;border-radius:4px;`;
const MAIN = "color:#fff;background:#115ea3";
const OTHER = "color:inherit;background:none";

// Opens a window now; undefined if the browser refuses. One that `stays` is not closed while it is at Entra: whoever else says that it has
// ended (any window can come to the redirect page) ends our waiting only.
export function openWindow(hooks, url, stays) {
  // A name of its own: a known one would navigate a window that some other script opened.
  const name = `talxis-broker-${Date.now()}-${Math.random()}`;
  let child = open(url, name);
  if (!child) return undefined;
  // Not waited for: other tabs ask nobody as long as this one has the user.
  const turn = lock(hooks, TURN);
  return closedWith(hooks, {
    // Brings it back if it is still there, and else opens a new one. For the handler of a click.
    reopen() {
      child = open(url, name) ?? child;
    },
    close() {
      if (!stays || attempt(() => child.location.origin === location.origin)) child.close();
      turn.close();
    },
  });
}

// One invitation. `answer` becomes the open window (true without an address, or if the browser refused it in the click on our own button),
// undefined if nothing can be shown, or false if the user declined. A notification that is closed by its X says so to nobody: it asks nothing more, and calls end by their limits (README).
export function invite(hooks, url, ends) {
  let texts = textsOf(hooks);
  // The other question, whether to sign out everywhere, has a surface of ours only.
  if (ends) texts = { ...texts, title: texts.signOut, invitation: texts.signingOut, signIn: texts.signOut, notNow: texts.cancel };
  let over = false;
  let remove = () => {};
  // Nothing is shown while the user signs in in another tab.
  const turn = lock(hooks, TURN);
  const answer = new Promise((resolve) => {
    const end = (value) => {
      over = true;
      resolve(value);
    };
    const decline = () => end(false);
    // Without an address there is no window: the whole page leaves, and what is unsaved on it is lost.
    const go = () => (url ? openWindow(hooks, url, ends) : true);
    const message = url ? texts.invitation : texts.leaving;
    const ask = (message, isModal) => {
      if (over) return;
      remove();
      const accept = () => end(go() ?? true);
      // Where nothing can be shown, nothing can be clicked.
      remove = show(texts, message, [[texts.signIn, accept], [texts.notNow, decline]], decline, isModal) ?? end() ?? (() => {});
    };
    // In a surface of Power Apps the click may be gone by the time we hear of it. A button of our own makes another. A bar may keep its
    // line for a while after it was answered.
    const accept = () => {
      const child = over || go();
      if (child) end(child);
      else ask(texts.oneMore, true);
    };
    turn.answer.then(() => {
      turn.close();
      if (over) return;
      const asked = ends ? undefined : attempt(() => (hooks.confirms() ? confirm : notify)(texts, message, accept, decline));
      remove = asked?.remove ?? remove;
      if (asked) asked.shown.catch(() => ask(message));
      else ask(message, ends);
    });
  });
  return closedWith(hooks, {
    answer,
    close() {
      over = true;
      turn.close();
      remove();
    },
  });
}

// Shows that sign-in goes on in another window. `answer` settles when the user gives up on it. A closed window alone is no sign:
// under COOP it looks closed at once.
export function waitWith(hooks, child) {
  const texts = textsOf(hooks);
  let remove;
  const answer = new Promise((resolve) => {
    const cancel = () => resolve();
    remove = show(texts, texts.waiting, [[texts.openAgain, () => child.reopen()], [texts.cancel, cancel]], cancel);
  });
  return closedWith(hooks, { answer, close: () => remove?.() });
}

// Whether the user acted just now. Where the browser does not say, trying is the way to find out.
export function activated() {
  return navigator.userActivation?.isActive ?? true;
}

function open(url, name) {
  attempt(() => {
    window[Symbol.for("talxis.broker.opened")] = url; // Where the relay (pkg-template/redirect.js) looks up whether this was asked for.
  });
  const middle = (start, size, own) => Math.max(0, Math.floor(start + (size - own) / 2)) || 0;
  const left = middle(screenX, outerWidth, WIDTH);
  const top = middle(screenY, outerHeight, HEIGHT);
  const child = attempt(() => window.open(url, name, `popup,width=${WIDTH},height=${HEIGHT},left=${left},top=${top}`));
  // Some blockers hand out a window that is closed already. Later `closed` means nothing.
  if (!child || child.closed) return undefined;
  attempt(() => child.focus());
  return child;
}

// In the language of Power Apps' user, else the browser's, else in English.
function textsOf({ texts }) {
  const lcid = attempt(() => window.Xrm.Utility.getGlobalContext().userSettings.languageId);
  const [own] = navigator.language.split("-");
  // The low ten bits of a locale are its language, without the country.
  const lang = Object.keys(texts).find((lang) => (lcid ? ((texts[lang].lcid ^ lcid) & 0x3ff) === 0 : lang === own)) ?? "en";
  return { lang, ...texts[lang] };
}

// A line of Power Apps' bar, which stays until it is answered and leaves the user at work. `shown` rejects where there is none.
function notify(texts, message, accept) {
  const app = window.Xrm.App;
  const shown = Promise.resolve(app.addGlobalNotification({
    type: 2, // The bar; there is no other type.
    level: 4, // Information.
    message,
    showCloseButton: true,
    action: { actionLabel: texts.signIn, eventHandler: accept },
  }));
  return { shown, remove: () => shown.then((id) => app.clearGlobalNotification(id)).catch(() => {}) };
}

// Power Apps' confirm dialog, which nobody but the user can close. Not its alert dialog: that takes ESC for yes.
function confirm(texts, message, accept, decline) {
  const shown = window.Xrm.Navigation.openConfirmDialog({
    title: texts.title,
    text: message,
    confirmButtonLabel: texts.signIn,
    cancelButtonLabel: texts.notNow,
  });
  return { shown: shown.then(({ confirmed }) => (confirmed ? accept() : decline())) };
}

// A dialog of our own: one sentence and a few buttons. Unless it is modal it takes no focus and covers nothing. Gives what takes it away.
function show(texts, message, buttons, refuse, isModal) {
  return attempt(() => {
    const dialog = create("dialog", SURFACE + (isModal ? "" : CORNER));
    let before;
    dialog.setAttribute(MARK, "");
    dialog.setAttribute("aria-label", texts.title);
    dialog.lang = texts.lang;
    const sentence = create("div", "all:revert");
    // Read out on arrival, although the focus stays where the user works.
    sentence.setAttribute("role", "alert");
    sentence.dir = "auto"; // The page's direction may be another than the language's.
    sentence.textContent = message;
    dialog.append(sentence);
    for (const [label, act] of buttons) {
      const button = create("button", BUTTON + (label === texts.signIn ? MAIN : OTHER));
      button.type = "button"; // Never a submit button of a form around it.
      button.textContent = label;
      button.onclick = act;
      dialog.append(button);
    }
    dialog.oncancel = refuse;
    dialog.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // It must not close what the page has open as well.
      refuse();
    };
    dialog.addEventListener("focusin", ({ relatedTarget }) => {
      if (!dialog.contains(relatedTarget)) before = relatedTarget;
    });
    document.body.append(dialog);
    if (isModal) dialog.showModal();
    else dialog.open = true; // Unlike show(), this leaves the focus alone.
    return () => {
      const hadFocus = dialog.contains(document.activeElement);
      dialog.remove();
      if (hadFocus) before?.focus();
    };
  });
}

function create(tag, style) {
  const element = document.createElement(tag);
  element.style.cssText = style;
  return element;
}
