// Sign-in windows, and what is shown about them: an invitation in Power Apps' notification bar or in an element of our own, and a
// surface that waits with the user. In JavaScript because the same in WebAssembly is four times the size; bound by window.rs.
//
// A window opens inside the handler of the user's click, where every browser allows it. No markup text and no style attribute: a
// strict CSP or Trusted Types would refuse them.

// How a person who looks at the page finds out whose element it is.
const MARK = "data-talxis-broker";
const WIDTH = 483;
const HEIGHT = 600;

const TEXTS = {
  label: "Sign-in",
  invitation: "Some parts of this page need you to sign in.",
  signIn: "Sign in",
  notNow: "Not now",
  waiting: "Finish signing in in the other window.",
  openAgain: "Open again",
  cancel: "Cancel",
};

// Opens a window now; undefined if the browser refuses.
export function openWindow(hooks, url) {
  // A name of its own: a known one would navigate a window that some other script opened.
  const name = `talxis-broker-${Date.now()}-${Math.random()}`;
  let child = open(url, name);
  if (!child) return undefined;
  return closedWith(hooks, {
    // Brings it back if it is still there, and else opens a new one. For the handler of a click.
    reopen(url) {
      child = open(url, name) ?? child;
    },
    close() {
      child.close();
    },
  });
}

// One invitation. `answer` becomes the open window, undefined if the browser refused it, or false if the user declined.
export function invite(hooks, url) {
  let over = false;
  let remove = () => {};
  const answer = new Promise((resolve) => {
    const end = (value) => {
      over = true;
      resolve(value);
    };
    // A bar may keep its line for a while after it was answered.
    const accept = () => over || end(openWindow(hooks, url));
    const ask = () => {
      const buttons = [[TEXTS.signIn, accept], [TEXTS.notNow, () => end(false)]];
      // Where nothing can be shown, nothing can be clicked.
      if (!over) remove = show(TEXTS.invitation, buttons) ?? end() ?? remove;
    };
    const app = attempt(() => window.Xrm.App);
    const line = attempt(() => app.addGlobalNotification({
      type: 2, // The bar; there is no other type.
      level: 4, // Information.
      message: TEXTS.invitation,
      showCloseButton: true,
      action: { actionLabel: TEXTS.signIn, eventHandler: accept },
    }));
    if (!line) return ask();
    Promise.resolve(line).then((id) => {
      remove = () => attempt(() => window.Xrm.App.clearGlobalNotification(id));
      if (over) remove();
    }, ask);
  });
  return closedWith(hooks, {
    answer,
    close() {
      over = true;
      remove();
    },
  });
}

// Shows that sign-in goes on in another window. `answer` settles when the user gives up on it. A closed window alone is no sign:
// under COOP it looks closed at once.
export function waitWith(hooks, child, url) {
  let remove;
  const answer = new Promise((resolve) => {
    remove = show(TEXTS.waiting, [[TEXTS.openAgain, () => child.reopen(url)], [TEXTS.cancel, () => resolve()]]);
  });
  return closedWith(hooks, { answer, close: () => remove?.() });
}

// Whether the user acted just now. Where the browser does not say, trying is the way to find out.
export function activated() {
  return navigator.userActivation?.isActive ?? true;
}

// What a dead instance leaves open is closed for it. Closing twice does no harm.
function closedWith(hooks, open) {
  hooks.ended?.addEventListener("abort", open.close, { once: true });
  const { close } = open;
  open.close = () => {
    hooks.ended?.removeEventListener("abort", close);
    close();
  };
  return open;
}

function open(url, name) {
  const middle = (start, size, own) => Math.max(0, Math.floor(start + (size - own) / 2)) || 0;
  const left = middle(screenX, outerWidth, WIDTH);
  const top = middle(screenY, outerHeight, HEIGHT);
  const child = attempt(() => window.open(url, name, `popup,width=${WIDTH},height=${HEIGHT},left=${left},top=${top}`));
  // Some blockers hand out a window that is closed already. Later `closed` means nothing.
  if (!child || child.closed) return undefined;
  attempt(() => child.focus());
  return child;
}

// A small non-modal element: one sentence and a few buttons. It takes no focus and covers nothing. Gives what takes it away.
function show(message, buttons) {
  return attempt(() => {
    const surface = create("div", `position:fixed;right:16px;bottom:16px;z-index:2147483647;max-width:320px;padding:16px;
      font:14px/1.4 'Segoe UI',system-ui,sans-serif;color:#242424;background:#fff;border:1px solid #d1d1d1;
      border-radius:4px;box-shadow:0 4px 12px rgba(0,0,0,.2)`);
    surface.setAttribute(MARK, "");
    surface.setAttribute("role", "region");
    surface.setAttribute("aria-label", TEXTS.label);
    const sentence = create("div", "");
    // Read out on arrival, although the focus stays where the user works.
    sentence.setAttribute("role", "alert");
    sentence.textContent = message;
    surface.append(sentence);
    for (const [label, act] of buttons) {
      const button = create("button", `margin:12px 8px 0 0;padding:6px 12px;font:inherit;color:inherit;background:#fff;
        border:1px solid #616161;border-radius:4px;cursor:pointer`);
      button.type = "button"; // Never a submit button of a form around it.
      button.textContent = label;
      button.onclick = act;
      surface.append(button);
    }
    document.body.append(surface);
    return () => surface.remove();
  });
}

function create(tag, style) {
  const element = document.createElement(tag);
  element.style.cssText = style;
  return element;
}

// What throws is absent.
function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
