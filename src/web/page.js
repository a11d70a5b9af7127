// What works on the page itself: the JavaScript half of `src/web/`, bound by the Rust files beside it. In JavaScript because the same in
// WebAssembly is four times the size; in two files, with prompt.js, because the test runner of wasm-bindgen serves few files at once.

// How a person who looks at the page finds out whose element it is.
export const MARK = "data-talxis-broker";

// --- inbox.rs: the mailbox for one redirect response (contract §5): who may put something into it, in which ways, and what its form
// text says. The other end is pkg-template/redirect.js.
//
// The redirect page says which sign-in it answers only by an unguessable id. This end acknowledges, so that the page need not try
// its other ways: the opener, then a storage entry.

const PREFIX = "talxis-broker:";
const LEFT = `${PREFIX}left`; // As pkg-template/comeback.js has it.
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

// The fields of a response that came by another way, or an object without any.
export function parseForm(form) {
  return fieldsOf(form) ?? {};
}

// --- leave.rs: the whole page goes to Entra. What it needs to go on is kept first; where to return to is a record of this origin, which the
// redirect page reads, and the tab knows which response is its own. Leaving settles only if that cannot be.

const LEAVING_MS = 30_000;

export function keep(hooks, departure) {
  const kept = async () => {
    const id = departure.state.slice(0, 32);
    sessionStorage.removeItem(LEFT);
    if (!(await hooks.keep(id, departure))) return;
    localStorage.setItem(`${PREFIX}pending:${id}`, JSON.stringify({ v: 1, at: Date.now(), returnTo: location.href }));
    sessionStorage.setItem(LEFT, id);
  };
  return { answer: kept().catch(() => {}), close() {} };
}

export function leave(url) {
  const here = !attempt(() => sessionStorage.getItem(LEFT));
  if (!here) location.assign(url);
  return sleep(here ? 0 : LEAVING_MS);
}

// --- memory.rs: what the tab remembers between page loads, and what all tabs do until the browser's session ends: a cookie.

const SHARED = "signed-out";
const SECURE = location.protocol === "https:";
// As for the vault's: with the prefix no other host below the same domain sets it.
const COOKIE = `${SECURE ? "__Host-" : ""}talxis-broker-${SHARED}=1`;
const forgetful = new Set(); // Where nothing can be stored.

export function remembers(name) {
  return (name === SHARED && attempt(() => document.cookie.split("; ").includes(COOKIE))) || forgetful.has(name) || Boolean(attempt(() => sessionStorage.getItem(PREFIX + name)));
}

export function remember(name, holds) {
  if (name === SHARED) {
    attempt(() => (document.cookie = `${COOKIE}; Path=/; SameSite=Strict${SECURE ? "; Secure" : ""}${holds ? "" : "; Max-Age=0"}`));
    if (holds && remembers(name)) return; // A page in another site's has no such cookie: then the tab itself knows.
  }
  if (holds) forgetful.add(name);
  else forgetful.delete(name);
  attempt(() => (holds ? sessionStorage.setItem(PREFIX + name, "1") : sessionStorage.removeItem(PREFIX + name)));
}

// --- lock.rs: turns among the tabs of this origin (Web Locks). A tab that dies gives its turns back, and so does a dead instance.

// Long enough for a person with a second factor, and shorter than any call waits.
const TURN_MS = 20_000;
const turns = new Map();

export function lock(hooks, name) {
  const turn = turns.get(name) ?? take(hooks, name);
  turn.shares += 1;
  let close = () => {
    close = () => {};
    turn.shares -= 1;
    if (turn.shares === 0) turn.end();
  };
  return closedWith(hooks, { answer: turn.answer, close: () => close() });
}

// One for all that goes on in this tab, which thus never waits for itself.
function take(hooks, name) {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), TURN_MS);
  const turn = { shares: 0 };
  const over = new Promise((resolve) => {
    turn.end = () => {
      turns.delete(name);
      clearTimeout(timer);
      waiting.abort();
      resolve(hooks.kept?.()); // Whoever comes next finds what was done here.
    };
  });
  turn.answer = new Promise((resolve) => {
    const begin = async () => {
      await hooks.reread?.();
      resolve();
      await over;
    };
    attempt(() => navigator.locks.request(PREFIX + name, { signal: waiting.signal }, begin).catch(resolve)) ?? resolve();
  });
  turns.set(name, turn);
  return turn;
}

// --- frame.rs: a hidden frame in which Entra may answer without the user (msal.md §2.5).

export function openFrame(hooks, url) {
  const frame = document.createElement("iframe");
  frame.setAttribute(MARK, "");
  frame.title = "Sign-in";
  frame.hidden = true;
  // It may run Entra's scripts and come back to this origin's redirect page. It may not take the app's window away.
  frame.sandbox = "allow-scripts allow-same-origin allow-forms";
  frame.src = url;
  let end;
  const answer = new Promise((resolve) => (end = onRefused("frame-src", url, resolve)));
  (document.body ?? document.documentElement).append(frame);
  return closedWith(hooks, {
    answer,
    close() {
      end();
      frame.remove();
    },
  });
}

// The page's Content-Security-Policy refuses an address: neither a frame nor a request says so, only an event at the document.
function onRefused(directive, url, react) {
  const over = new AbortController();
  const isIt = ({ effectiveDirective, blockedURI }) =>
    effectiveDirective === directive && attempt(() => new URL(blockedURI).origin) === new URL(url).origin;
  document.addEventListener("securitypolicyviolation", (event) => isIt(event) && react(), { signal: over.signal });
  return () => over.abort();
}

// --- http.rs: `fetch`, held to what needs no CORS preflight and leaves no trace (contract §4): no credentials, no custom headers, no
// redirect, no cache, no referrer.

// As long as a call waits (pkg-template/calls.js): whoever asks next must not wait for an answer that never comes.
const ANSWERED_MS = 30_000;
// The event of a refusal may come after the failure.
const TOLD_MS = 20;

// Gives { response, body, retryAfter }: the Response, perhaps of another realm, its JSON, and `Retry-After` in seconds, where there are
// such. Rejects with 1 if the browser says that it is offline, with 2 if the page's policy refuses the address. Pages wrap `fetch`: what throws or gives anything else is no answer.
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
    signal: AbortSignal.timeout?.(ANSWERED_MS),
  };
  let response;
  let refused;
  const end = onRefused("connect-src", url, () => (refused = 2));
  try {
    response = await fetch(url, request);
  } catch {
    await new Promise((resolve) => setTimeout(resolve, TOLD_MS));
  }
  end();
  if (Object.prototype.toString.call(response) !== "[object Response]") throw refused ?? (navigator.onLine ? 0 : 1);
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

// What a dead instance leaves open is closed for it. Closing twice does no harm.
export function closedWith(hooks, open) {
  hooks.ended?.addEventListener("abort", open.close, { once: true });
  const { close } = open;
  open.close = () => {
    hooks.ended?.removeEventListener("abort", close);
    close();
  };
  return open;
}

// What throws is absent.
export function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
