// `window.talxisBroker` (contract §1), the same in every window: over the engine in the host, over a forwarder elsewhere.

import { settle, toError } from "./errors.js";
import { stateOf } from "./token-management.js";

export function createFacade(broker, clients, events, version, tokenManagement) {
  return {
    version,
    get ready() {
      const ready = settle(broker.ready);
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
    getToken: (request) => settle(() => {
      const result = broker.call("getToken", request);
      return request?.scopes?.length ? result : clients.handOut(result);
    }, request),
    signIn: (options) => settle(() => broker.call("signIn", options), options),
    signOut: (options) => settle(() => broker.call("signOut", options), options),
    addEventListener: events.add,
    removeEventListener: events.remove,
    diagnostics: () => ({ ...broker.diagnostics(), version, host: broker.isHost, tokenManagement: stateOf(window, tokenManagement()) }),
  };
}
