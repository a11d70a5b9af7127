// `window.talxisBroker` (contract §1): there in the same turn in which this script runs, in whichever window that is.
//
// The broker itself runs only in the host window. A facade elsewhere forwards to the host's, also when that one comes later.
// This script may be evaluated many times, in many frames, by many ribbons: all but the first per window do nothing.

import { createEngine } from "./engine.js";
import { failure, toError } from "./errors.js";
import { createListeners } from "./events.js";
import { facadeOf, findHost, inject, whenPresent } from "./host.js";

/* global VERSION -- inserted by `cargo xtask dist` */

const TYPES = ["signedin", "signedout", "token", "interaction", "error", "configchanged"];

if (!facadeOf(window)) {
  const host = findHost(window);
  const events = createListeners();
  const broker = host === window ? createEngine(events.emit) : createForwarder(host, events.emit);
  const facade = Object.freeze(createFacade(broker, events));
  // Neither writable nor configurable: another script may not take the place of the one that callers trust.
  // No prototype: a page can put `writable` on every object.
  Object.defineProperty(window, "talxisBroker", { __proto__: null, value: facade, enumerable: true });
  if (host === window) window.dispatchEvent(new Event("talxisbroker"));
}

function createFacade(broker, events) {
  return {
    version: VERSION,
    get ready() {
      const ready = settle(broker.ready());
      ready.catch(() => {}); // Who does not look at it is not to be bothered by it.
      return ready;
    },
    get account() {
      return broker.account();
    },
    configure(config) {
      try {
        broker.configure(config);
      } catch (detail) {
        throw toError(detail);
      }
    },
    getToken: (request) => settle(broker.call("getToken", request)),
    signIn: (options) => settle(broker.call("signIn", options)),
    signOut: (options) => settle(broker.call("signOut", options)),
    addEventListener: events.add,
    removeEventListener: events.remove,
    diagnostics: () => ({ ...broker.diagnostics(), version: VERSION, host: broker.isHost }),
  };
}

// A promise of this realm that rejects with a real Error of this realm, so that `instanceof` holds for the caller.
function settle(promise) {
  return new Promise((resolve, reject) => promise.then(resolve, (detail) => reject(toError(detail))));
}

function createForwarder(host, emit) {
  const present = (signal) => whenPresent(host, inject(host), signal);
  // A destroyed frame must not be called any more.
  const leaving = new AbortController();
  window.addEventListener("pagehide", () => leaving.abort(), { once: true });
  present().then(
    (broker) => TYPES.forEach((type) => broker.addEventListener(type, emit, { signal: leaving.signal })),
    () => {}, // Each call says it.
  );
  return {
    isHost: false,
    ready: () => present().then((broker) => broker.ready),
    account: () => facadeOf(host)?.account ?? null,
    configure(config) {
      // Not there yet: it cannot be waited for here, so a refusal shows in the console.
      if (facadeOf(host)) facadeOf(host).configure(config);
      else present().then((broker) => broker.configure(config));
    },
    call: (method, request) => {
      if (request?.signal?.aborted) return Promise.reject(failure("aborted", "The caller aborted the call."));
      // At once where it can be: a click in this frame lets the host open a window only for a moment.
      if (facadeOf(host)) return facadeOf(host)[method](request);
      return present(request?.signal).then((broker) => broker[method](request));
    },
    diagnostics: () => facadeOf(host)?.diagnostics() ?? { restarts: 0 },
  };
}
