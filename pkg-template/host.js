// The host window: where the one broker of a page lives. Frames of Power Apps come and go with navigation; it stays.

import { failure } from "./errors.js";

// Only readable while the script is being evaluated. Not `document.currentScript`: an image with this name would take its place,
// and its address would become that of a script in the host.
const SOURCE = Reflect.get(Document.prototype, "currentScript", document)?.src;

// Marks a window into which a script is being loaded. `Symbol.for` is the same in every frame, whoever was first.
const LOADING = Symbol.for("talxis.broker.loading");

const ARRIVAL_MS = 10_000;

// The topmost same-origin window with `Xrm`, else the topmost same-origin one. Never `window.top`: it may be foreign.
export function findHost(start) {
  let topmost = start;
  let withXrm;
  for (let at = start; at; at = at === at.parent ? null : at.parent) {
    try {
      void at.document; // Throws where the origin is another.
      if (at.Xrm) withXrm = at;
      topmost = at;
    } catch {
      break;
    }
  }
  return withXrm ?? topmost;
}

// The facade of a window, if it is there. A property of its own: an element with this id makes the name exist too.
export function facadeOf(window) {
  return Object.hasOwn(window, "talxisBroker") ? window.talxisBroker : undefined;
}

// Loads this same file into the host, once over all frames. The element is the host's own: it outlives this frame.
export function inject(host) {
  if (facadeOf(host) || host[LOADING] || !SOURCE) return host[LOADING];
  const script = host.document.createElement("script");
  script.src = SOURCE;
  script.addEventListener("error", () => {
    delete host[LOADING]; // The next frame tries again.
    script.remove();
  });
  host[LOADING] = script;
  (host.document.head ?? host.document.documentElement).append(script);
  return script;
}

// The host's facade, as soon as it is there. Never an endless wait.
export function whenPresent(host, script, signal) {
  const present = facadeOf(host);
  if (present) return Promise.resolve(present);
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const timer = setTimeout(() => fail("internal", "The broker did not load in the window of the app within ten seconds."), ARRIVAL_MS);
    const end = () => {
      clearTimeout(timer);
      done.abort();
    };
    const fail = (code, message) => {
      end();
      reject(failure(code, message));
    };
    const on = (target, type, react) => target?.addEventListener(type, react, { signal: done.signal });
    on(host, "talxisbroker", () => {
      const arrived = facadeOf(host);
      if (!arrived) return; // Anybody may fire an event.
      end();
      resolve(arrived);
    });
    on(script, "error", () => fail("internal", "The broker's script could not be loaded in the window of the app."));
    on(signal, "abort", () => fail("aborted", "The caller aborted the call."));
  });
}
