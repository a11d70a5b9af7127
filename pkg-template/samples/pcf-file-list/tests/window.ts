// A window for the tests; imported first, because React looks for one when it is loaded.

import { JSDOM } from "jsdom";

export const { window } = new JSDOM("<main></main>", { url: "https://contoso.crm4.dynamics.com/main.aspx" });
// React would keep Node running with a `MessageChannel`.
for (const [name, value] of Object.entries({ window, document: window.document, navigator: window.navigator, MessageChannel: undefined }))
  Object.defineProperty(globalThis, name, { value, configurable: true });

// jsdom's window refuses the signals of Node, and Node's `Request` those of jsdom: here all are Node's.
const target = new EventTarget();
window.addEventListener = target.addEventListener.bind(target);
window.removeEventListener = target.removeEventListener.bind(target);
window.dispatchEvent = ({ type }) => target.dispatchEvent(new Event(type));
