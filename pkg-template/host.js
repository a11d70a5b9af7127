// The windows of a page: in which one the broker lives (the host, powerapps.md §2 and §11), what is there already, and how it gets
// there. Frames of Power Apps come and go with navigation; the host stays.
//
// Never `window.top`, which may be foreign; never an endless wait; and never an object of this frame left in another window, which
// would keep a frame alive that is gone.

import { attempt } from "./attempt.js";
import { aborted, failure } from "./errors.js";

/* global PREFIX -- inserted by `cargo xtask dist` */

// The web resource (contract §3).
export const FILE = `${PREFIX}_tokenmanagement.js`;
const METHODS = ["getToken", "signIn", "addEventListener"];
const ARRIVAL_MS = 10_000;
export const TAKEN = "Another script defines `window.talxisBroker`: remove it.";

// The same in every frame and every version: a host keeps its port under it, and until then the script that will bring one.
const key = () => Symbol.for("talxis.broker");

// The facade of a window, if it is there and ours, of whatever version.
export function facadeOf(window) {
  const value = own(window, "talxisBroker");
  const is = (name, kind) => typeof own(value, name) === kind;
  const ours = is("version", "string") && /^\d+\.\d+\.\d+/.test(value.version) && METHODS.every((name) => is(name, "function"));
  return ours && Object.isFrozen(value) ? value : undefined;
}

// What a host has for its frames beside the facade; only where its broker runs.
export function portOf(window) {
  const port = own(window, key());
  return port && own(port, "broker") && port.broker === facadeOf(window) ? port : undefined;
}

export function openPort(window, port) {
  mark(window, port);
}

// The window that has the broker; else the topmost of this origin with `Xrm`; else the topmost. Where `Xrm` came later, a window may
// forward already: it does so for good. None for a frame that is gone.
export function findHost(start) {
  const windows = lineage(start);
  const free = windows.filter((window) => !facadeOf(window));
  return windows.find(portOf) ?? free.find(xrmOf) ?? free[0];
}

// A window and those above it, as far as they are of the same origin; the topmost first.
export function lineage(start) {
  const windows = [];
  for (let at = start, below; at !== below; below = at, at = at.parent) {
    // Of another origin; and `parent` may be anybody's variable.
    if (attempt(() => at.document.defaultView) !== at) break;
    windows.unshift(at);
  }
  return windows;
}

// Where Dataverse serves the broker, as far as `Xrm` tells.
export function address(windows) {
  // None here, or not yet: the next window's.
  return windows.map((at) => attempt(() => xrmOf(at).Utility.getGlobalContext().getWebResourceUrl(FILE))).find(Boolean);
}

// The host's facade, as soon as it is there; it is loaded unless that happens already. A signal ends the waiting.
export function arrival(host, source, ...signals) {
  return new Promise((resolve, reject) => {
    const begun = loading(host);
    const script = begun ?? inject(host, source);
    const done = new AbortController();
    const end = (settle, value) => {
      clearTimeout(timer);
      done.abort();
      settle(value);
    };
    const fail = (code, message) => end(reject, failure(code, message));
    const lost = () => fail("network", "The broker could not be loaded.");
    // Begun by a frame that is gone, perhaps, with everybody who would have told that it failed: it is loaded once more.
    const late = () => begun
      ? end(resolve, arrival(host, source, ...signals))
      : lost();
    const timer = setTimeout(late, begun ? ARRIVAL_MS - age(begun) : ARRIVAL_MS);
    // Every listener goes: one that is left would keep its frame alive.
    const on = (target, type, react) => target?.addEventListener(type, react, { signal: done.signal });
    const look = () => {
      const facade = facadeOf(host);
      if (facade) end(resolve, facade);
      return facade; // Anybody may fire an event.
    };
    on(host, "talxisbroker", look);
    on(script, "load", () => look() || fail("version_conflict", TAKEN));
    on(script, "error", () => {
      script.remove(); // The next call tries again.
      lost();
    });
    for (const signal of signals) {
      const abort = () => end(reject, aborted());
      if (signal?.aborted) abort();
      on(signal, "abort", abort);
    }
  });
}

// The script that brings the broker to a host, if one is on its way. Anything else there is foreign, or was left by a frame that is gone.
function loading(host) {
  const script = own(host, key());
  return script instanceof host.HTMLScriptElement && script.isConnected && age(script) < ARRIVAL_MS ? script : undefined;
}

// Loads the broker into the host. The element is the host's own: it outlives this frame.
function inject(host, source = address(lineage(host))) {
  if (!source) return undefined;
  const { document } = host;
  const script = document.createElement("script");
  script.src = source;
  script.dataset.since = Date.now();
  mark(host, script);
  (document.head ?? document.documentElement).append(script);
  return script;
}

function age(script) {
  return Date.now() - script.dataset.since;
}

function mark(window, value) {
  try {
    Object.defineProperty(window, key(), { __proto__: null, value, configurable: true });
  } catch {
    // Taken for good: frames load the script each for itself then, and all but the first do nothing.
  }
}

// None, or a getter that throws, is absent.
export function xrmOf(window) {
  return attempt(() => typeof window.Xrm.Utility.getGlobalContext === "function" ? window.Xrm : undefined);
}

// A property's value without running a getter. An element of the same name is no property of a window's own.
export function own(object, name) {
  const property = object == null ? undefined : Object.getOwnPropertyDescriptor(object, name);
  return property && Object.hasOwn(property, "value") ? property.value : undefined;
}
