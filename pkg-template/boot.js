// Where it all begins (powerapps.md §11). This script may be evaluated many times, in many frames, by many ribbons: all but the first
// in a window end with the first statement. Nothing may be thrown out of here into a page, whatever the page did before.

import { attempt } from "./attempt.js";
import { createEngine } from "./engine.js";
import { createListeners } from "./events.js";
import { createFacade } from "./facade.js";
import { createForwarder } from "./forwarder.js";
import { facadeOf, findHost, openPort, portOf, TAKEN } from "./host.js";
import { isWanted, note, showStatus } from "./ribbon.js";
import { createClients, createTokenManagement, install } from "./token-management.js";

/* global VERSION -- inserted by `cargo xtask dist` */

try {
  if (!facadeOf(window)) boot();
} catch (error) {
  console.error(`The Token Broker cannot run in this window: ${error?.message}`);
}

function boot() {
  if (isTaken()) return;
  const events = createListeners();
  const isHost = findHost(window) === window;
  const broker = isHost ? createEngine(events.emit) : createForwarder(source(), VERSION, events.emit);
  const clients = isHost ? createClients(broker) : broker.clients;
  const facade = Object.freeze(createFacade(broker, clients, events, VERSION, () => tokenManagement));
  if (!Object.isFrozen(facade)) throw new Error("a script replaced Object.freeze.");
  const tokenManagement = createTokenManagement(facade, clients);
  // Into this window, and into what the host shows: its frames are made anew with every navigation. Never as far as `length` says:
  // it may be anybody's variable.
  const join = () => {
    install(window, { TokenManagement: tokenManagement, TokenBroker: tokenBroker }, portOf(findHost(window))?.tokenManagement);
    if (!isHost) return broker.join(isWanted());
    for (let at = 0; window[at]; at++) install(window[at], { TokenManagement: tokenManagement });
  };
  const tokenBroker = Object.freeze({
    // The ribbon's enable rule: of its button, or of a bar that has none to show. Never a promise: Power Apps would wait for it.
    isEnabled(shown) {
      // Where this window is being torn down, nothing comes of it. A button is no place to say so.
      attempt(() => {
        join();
        note(shown);
      });
      return shown !== false && isWanted();
    },
    showStatus,
  });
  // Neither writable nor configurable: another script may not take the place of the one that callers trust.
  // No prototype: a page can put `writable` on every object.
  Object.defineProperty(window, "talxisBroker", { __proto__: null, value: facade, enumerable: true });
  if (isHost) openPort(window, Object.freeze({ __proto__: null, broker: facade, clients, tokenManagement, join }));
  join();
  if (!isHost) return;
  note("broker");
  window.dispatchEvent(new Event("talxisbroker"));
}

// Whether somebody else has our name for good; said once.
function isTaken() {
  const property = Object.getOwnPropertyDescriptor(window, "talxisBroker");
  if (!property || property.configurable) return false;
  const said = Symbol.for("talxis.broker.conflict");
  if (!window[said]) console.error(`version_conflict: ${TAKEN}`);
  window[said] = true;
  return true;
}

// Only readable while the script is being evaluated. Not `document.currentScript`: an image with this name would take its place,
// and its address would become that of a script in the host.
function source() {
  return Reflect.get(Document.prototype, "currentScript", document)?.src || undefined;
}
