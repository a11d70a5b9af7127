// What works on the page itself: the JavaScript half of `src/web/`, bound by the Rust files beside it. In JavaScript because the same in
// WebAssembly is four times the size; in one file because the test runner of wasm-bindgen serves few files at once.

// --- window.rs: sign-in windows, and what is shown about them: an invitation in Power Apps' notification bar or in an element of our
// own, and a surface that waits with the user.
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

// --- inbox.rs: the mailbox for one redirect response (contract §5): who may put something into it, in which ways, and what its form
// text says. The other end is pkg-template/redirect.js.
//
// The redirect page says which sign-in it answers only by an unguessable id. This end acknowledges, so that the page need not try
// its other ways: the opener, then a storage entry.

const PREFIX = "talxis-broker:";
const OLD_MS = 3_600_000;
// No response of Entra is longer.
const LONGEST = 16 * 1024;

// Starts listening. The pending record permits the page to leave a storage entry, and nothing else.
export function openInbox(hooks, id) {
  const pending = `${PREFIX}pending:${id}`;
  const entry = `${PREFIX}response:${id}`;
  const acknowledgement = { v: 1, ack: true, id };
  const closed = new AbortController();
  // Each of these may be refused, in a sandboxed frame or by the user's settings; the other ways remain.
  const channel = attempt(() => new BroadcastChannel(PREFIX + id));
  const storage = attempt(() => localStorage);
  attempt(() => forgetOld(storage));
  attempt(() => storage.setItem(pending, JSON.stringify({ v: 1, at: Date.now() })));

  const answer = new Promise((resolve) => {
    const on = (target, type, react) => target?.addEventListener(type, react, { signal: closed.signal });
    // Only this origin can reach the channel, and only who knows the id can name it.
    on(channel, "message", ({ data }) => {
      if (!isResponse(data)) return;
      channel.postMessage(acknowledgement);
      resolve(fieldsOf(data.payload));
    });
    // Any window may post here, so origin and id must be right.
    on(window, "message", ({ origin, source, data }) => {
      if (origin !== location.origin || data?.id !== id || !isResponse(data)) return;
      attempt(() => source.postMessage(acknowledgement, origin));
      resolve(fieldsOf(data.payload));
    });
    // The reader deletes; the text comes with the event.
    on(window, "storage", ({ key, newValue }) => {
      const data = key === entry && attempt(() => JSON.parse(newValue));
      if (!isResponse(data)) return;
      attempt(() => storage.removeItem(entry));
      resolve(fieldsOf(data.payload));
    });
  });
  const close = () => {
    closed.abort();
    channel?.close();
    attempt(() => storage.removeItem(pending));
  };
  // A dead instance must not take, and acknowledge, what nobody reads any more.
  hooks.ended?.addEventListener("abort", close, { signal: closed.signal });
  return { answer, close };
}

// A tab that was closed in the middle of a sign-in leaves its record behind.
function forgetOld(storage) {
  for (const key of Object.keys(storage)) {
    if (!key.startsWith(`${PREFIX}pending:`)) continue;
    const at = attempt(() => JSON.parse(storage.getItem(key)).at);
    if (!(Date.now() - at < OLD_MS)) storage.removeItem(key);
  }
}

function isResponse(data) {
  return data?.v === 1 && typeof data.payload === "string";
}

// The fields of form text; undefined if it is too long, not the form of any text, or says something twice.
function fieldsOf(form) {
  const fields = { __proto__: null };
  const plain = (text) => decodeURIComponent(text.replaceAll("+", " ")); // Throws, unlike URLSearchParams.
  return attempt(() => {
    if (form.length > LONGEST) return undefined;
    for (const field of form.split("&")) {
      const [, name, value] = field.match(/([^=]*)=?(.*)/s).map(plain);
      if (name in fields) return undefined;
      fields[name] = value;
    }
    return fields;
  });
}

// --- frame.rs: a hidden frame in which Entra may answer without the user (msal.md §2.5), and whether such frames bring anything: where
// cookies of other sites are blocked they do not, and the tab need not learn that twice.

const NO_FRAMES = "talxis-broker:no-frames";
let framesFailed = false; // Where nothing can be stored.

export function framesWork() {
  return !framesFailed && !attempt(() => sessionStorage.getItem(NO_FRAMES));
}

export function rememberFrames(work) {
  framesFailed = !work;
  attempt(() => (work ? sessionStorage.removeItem(NO_FRAMES) : sessionStorage.setItem(NO_FRAMES, "1")));
}

export function openFrame(hooks, url) {
  const frame = document.createElement("iframe");
  frame.setAttribute(MARK, "");
  frame.title = TEXTS.label;
  frame.hidden = true;
  // It may run Entra's scripts and come back to this origin's redirect page. It may not take the app's window away.
  frame.sandbox = "allow-scripts allow-same-origin allow-forms";
  frame.src = url;
  (document.body ?? document.documentElement).append(frame);
  return closedWith(hooks, { close: () => frame.remove() });
}

// --- http.rs: `fetch`, held to what needs no CORS preflight and leaves no trace (contract §4): no credentials, no custom headers, no
// redirect, no cache, no referrer.

// Gives { response, body, retryAfter }: the Response, perhaps of another realm, its JSON, and `Retry-After` in seconds, where there are
// such. Rejects with whether the browser says that it is offline. Pages wrap `fetch`: what throws or gives anything else is no answer.
export async function post(url, body) {
  const request = {
    __proto__: null, // A page can put members on every object.
    method: "POST",
    headers: { __proto__: null, "content-type": "application/x-www-form-urlencoded" },
    body,
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
    referrerPolicy: "no-referrer",
  };
  let response;
  try {
    response = await fetch(url, request);
  } catch {
    // No answer.
  }
  if (Object.prototype.toString.call(response) !== "[object Response]") throw !navigator.onLine;
  const retryAfter = attempt(() => response.headers.get("retry-after").trim());
  try {
    return { response, retryAfter, body: await response.json() };
  } catch {
    return { response, retryAfter };
  }
}

// --- clock.rs

export function sleep(ms) {
  let timer;
  const answer = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { answer, close: () => clearTimeout(timer) };
}

// --- random.rs

export function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// --- json.rs: foreign texts. What cannot be read is undefined, which has no members.

export function parseJson(text) {
  return attempt(() => JSON.parse(text));
}

export function parseBase64url(text) {
  return attempt(() => {
    if (/[^\w-]/.test(text)) return undefined; // `atob` would take more.
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt());
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  });
}

// Foreign values. Own members only: a page can put members on every object by way of its prototype.

export function member(value, name) {
  try {
    return Object.hasOwn(value, name) ? value[name] : undefined;
  } catch {
    return undefined; // No object, or a getter that throws.
  }
}

// JSON has no `undefined`: such a member is one that was left out.
export function names(value) {
  try {
    return Array.isArray(value) ? [] : Reflect.ownKeys(value).filter((name) => typeof name === "string" && value[name] !== undefined);
  } catch {
    return [];
  }
}

// What throws is absent.
function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
